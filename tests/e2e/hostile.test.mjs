/// Peers that misbehave: clients that stall, a model service that talks nonsense.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { assertContiguous, chatBody, RawSocket, Server, textOf, within } from './harness.mjs'
import { asksFor, held, says } from './model_server.mjs'
import { sharedServer } from './shared_server.mjs'

let model
let server

sharedServer(made => ({ model, server } = made))

/// Descriptors that a process may have: node raises its own soft limit to the hard one, as the server does.
function openFiles() {
  const told = execFileSync('sh', ['-c', 'ulimit -H -n'], { encoding: 'utf8' }).trim()
  return told === 'unlimited' ? Infinity : Number(told)
}

async function assertChats(on = server) {
  const answer = await on.post('/api/ai/chat', chatBody('are you there?'))
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.text, 'model says: are you there?')
}

describe('a client', () => {
  test('that is 10,000 connections which say nothing costs a client that chats nothing', async () => {
    // Both ends of a connection here and those of the server may count to one limit.
    const most = Math.min(10_000, Math.floor(openFiles() * 0.8))
    const client = await server.connect()
    const silent = []
    const waits = []
    let done = false
    const chatting = (async () => {
      while (!done) {
        const began = performance.now()
        await client.end((await client.chat('are you there?')).turnId)
        waits.push(performance.now() - began)
      }
    })()
    try {
      while (silent.length < most) {
        const batch = Math.min(200, most - silent.length)
        silent.push(...await Promise.all(Array.from({ length: batch }, () => RawSocket.connect(server.port))))
      }
      const before = waits.length
      while (waits.length < before + 20) await client.frames.find(one => one.type === 'event', 'an event', { from: client.frames.items.length })
      await assertChats()
      assert.equal(silent.filter(one => one.over).length, 0, 'none was turned away')
      assert.equal((await server.get('/api/health')).status, 200)
    } finally {
      done = true
      await chatting
      for (const one of silent) one.close()
    }
    waits.sort((a, b) => a - b)
    const [median, worst] = [waits[Math.floor(waits.length / 2)], waits.at(-1)]
    assert.ok(median < 500 && worst < 5_000, `${waits.length} turns beside ${most} connections took ${median} ms, at most ${worst} ms`)
    await client.close()
    await assertChats()
  })

  test('that sends its header octet by octet gets 408 after 10 s and is closed', async () => {
    const slow = await RawSocket.connect(server.port)
    const began = performance.now()
    const head = `GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-Slow: ${'x'.repeat(10_000)}`
    let sent = 0
    slow.write(head[sent++])
    // The pace of the peer is what is tested here; nothing waits for it.
    const drip = setInterval(() => slow.write(head[sent++]), 250)
    try {
      await slow.until(one => one.over, 'the end of the slow connection', 25_000)
    } finally {
      clearInterval(drip)
      slow.close()
    }
    const waited = performance.now() - began
    assert.match(slow.received, /^HTTP\/1\.1 408 /)
    assert.match(slow.received, /"code":"request_timeout"/)
    assert.ok(waited > 9_000 && waited < 15_000, `after ${waited} ms`)
    await assertChats()
  })

  const head = length => `POST /api/ai/chat HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${server.token}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`

  test('whose body is cut short runs nothing', async () => {
    const body = JSON.stringify(chatBody('never'))
    for (const end of ['half-close', 'reset']) {
      const cut = await RawSocket.connect(server.port)
      cut.write(head(body.length + 10) + body)
      if (end === 'half-close') {
        cut.socket.end()
        await cut.until(one => one.over, 'the close of the connection')
        assert.doesNotMatch(cut.received, /^HTTP\/1\.1 2/)
      } else {
        cut.socket.resetAndDestroy()
      }
      cut.close()
    }
    await assertChats()
    assert.equal(model.count, 1)
  })

  test('that speaks no HTTP is answered 400 or closed', async () => {
    for (const text of ['\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n', 'HELO there\r\n\r\n', `GET /${'\u0000'} HTTP/1.1\r\n\r\n`, 'GET / HTTP/9.9\r\n\r\n']) {
      const odd = await RawSocket.connect(server.port)
      odd.write(Buffer.from(text, 'latin1'))
      await odd.until(one => one.over, `the close after ${JSON.stringify(text)}`)
      assert.match(odd.received, /^($|HTTP\/1\.1 [45]\d\d )/)
      odd.close()
    }
    await assertChats()
  })

  test('that names two lengths, or a length and chunks, smuggles nothing in', async () => {
    for (const lines of ['Content-Length: 5\r\nContent-Length: 6', 'Content-Length: 5\r\nTransfer-Encoding: chunked', 'Transfer-Encoding: chunked, identity']) {
      const odd = await RawSocket.connect(server.port)
      odd.write(`POST /api/ai/chat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.token}\r\nContent-Type: application/json\r\n${lines}\r\n\r\n` +
        '0\r\n\r\nGET /api/auth/me HTTP/1.1\r\nHost: x\r\n\r\n')
      odd.socket.end()
      await odd.until(one => one.over, `the close after ${lines}`)
      const answers = odd.received.match(/HTTP\/1\.1 \d+/g) ?? []
      assert.ok(answers.length <= 1, `${lines}: ${answers}`)
      assert.doesNotMatch(odd.received, /^HTTP\/1\.1 2/)
      odd.close()
    }
    assert.equal(model.count, 0)
    await assertChats()
  })

  /// A turn with a text of 3 MiB: more than a connection holds unsent, less than the most of a text.
  async function longTurn(reader, extra, meanwhile = () => {}) {
    const number = model.count
    model.next(held)
    const accepted = await reader.chat('a long story', extra)
    const call = await model.call(number)
    await meanwhile(accepted)
    for (let i = 0; i < 192; ++i) call.delta('x'.repeat(16 * 1024))
    call.done()
    const { event } = await reader.end(accepted.turnId)
    assert.equal(event.finishReason, 'stop', JSON.stringify(event).slice(0, 500))
    assert.equal(event.text.length, 192 * 16 * 1024)
    return { ...accepted, text: event.text }
  }

  test('that does not read its WebSocket does not slow another, and can read on', async () => {
    const conversationId = 'cnv_e2e-hostile-stalled'
    const reader = await server.connect()
    const stalled = await server.connect()
    const began = performance.now()
    const turns = [await longTurn(reader, { conversationId }, async () => {
      await stalled.subscribe(conversationId)
      stalled.socket.pause()
    })]
    // Past what the sockets of both sides hold.
    while (turns.length < 5) turns.push(await longTurn(reader, { conversationId }))
    const waited = performance.now() - began
    assert.ok(waited < 15_000, `${waited} ms`)
    assertContiguous(reader.events(), 0)
    stalled.socket.resume()
    await stalled.end(turns.at(-1).turnId)
    assertContiguous(stalled.events(), 0)
    for (const { turnId, text } of turns) {
      assert.equal(textOf(reader.events(turnId)), text)
      assert.equal(textOf(stalled.events(turnId)), text)
    }
    await reader.close()
    await stalled.close()
  })

  test('that never reads and then goes away hinders nobody', async () => {
    const deaf = await RawSocket.connect(server.port)
    deaf.write(`GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nAuthorization: Bearer ${server.token}\r\n\r\n`)
    await deaf.until(one => one.received.includes('"ready"'), 'a ready frame')
    const mask = [1, 2, 3, 4]
    const frame = text => {
      const body = Buffer.from(text).map((octet, i) => octet ^ mask[i % 4])
      return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, ...mask]), body])
    }
    const reader = await server.connect()
    const conversationId = 'cnv_e2e-hostile-deaf'
    const subscribe = JSON.stringify({ type: 'conversation.subscribe', conversationId })
    assert.ok(subscribe.length < 126)
    await longTurn(reader, { conversationId }, async () => {
      deaf.write(frame(subscribe))
      await deaf.until(one => one.received.includes('"accepted"'), 'the subscription')
      deaf.socket.pause()
    })
    for (let turns = 1; turns < 5; ++turns) await longTurn(reader, { conversationId })
    await reader.settle()
    await assertChats()
    deaf.socket.resetAndDestroy()
    await longTurn(reader, { conversationId })
    await reader.close()
  })
})

describe('a model service that', () => {
  /// Each on a server of its own, for the circuit's sake.
  const cases = [
    ['sends garbage', call => { call.raw(randomBytes(4_096)); call.answer.end() }, 'fallback'],
    ['sends garbage for an event', call => { call.event('{"choices": [nonsense'); call.answer.end() }, 'fallback'],
    ['sends half an event and ends', call => { call.raw('data: {"choices":[{"index":0,"del'); call.answer.end() }, 'fallback'],
    ['sends half an event and is lost', call => { call.raw('data: {"choices":[{"index":0,"del'); call.cut() }, 'fallback'],
    ['sends an endless line', endlessLine, 'fallback'],
    ['redirects', call => { call.answer.writeHead(302, { Location: 'http://127.0.0.1:1/' }); call.answer.end() }, 'upstream_failed'],
    ['redirects to itself', call => { call.answer.writeHead(307, { Location: call.path }); call.answer.end() }, 'upstream_failed'],
    ['answers nothing at all', held, 'upstream_timeout'],
    ['sends a head and nothing more', call => call.answer.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders(), 'upstream_timeout'],
    ['sends an empty body', call => { call.answer.writeHead(200, { 'Content-Type': 'text/event-stream' }); call.answer.end() }, 'fallback'],
    ['sends an empty JSON body', call => call.json(200, {}), 'fallback'],
    ['sends no choice', call => call.json(200, { choices: [] }), 'fallback'],
    ['ends without text', call => call.done(), 'fallback'],
    ['closes the connection', call => call.cut(), 'fallback'],
    ['says an error within the stream', call => { call.event('{"error":{"message":"x","type":"server_error","code":null}}'); call.answer.end() }, 'fallback'],
    ['sends a page', call => { call.answer.writeHead(200, { 'Content-Type': 'text/html' }); call.answer.end('<html>hello</html>') }, 'fallback'],
  ]

  /// One event that never ends, as fast as it is read.
  function endlessLine(call) {
    call.raw('data: ')
    const more = () => {
      while (call.open && call.answer.write('x'.repeat(64 * 1024)));
    }
    call.answer.on('drain', more)
    more()
  }

  const env = { PERIN_RETRY_BASE_MS: '1', PERIN_MODEL_FIRST_S: '0.3', PERIN_MODEL_IDLE_S: '0.3' }

  /// One turn on a server of its own whose model answers by `script`; `look` sees how it ended.
  async function turnWith(script, look) {
    const own = await Server.start({ model: model.url, env })
    try {
      model.otherwise = script
      const client = await own.connect()
      const { turnId } = await client.chat('hello')
      const { event } = await client.end(turnId)
      await look({ own, client, turnId, event })
      await client.close()
    } finally {
      await own.close()
    }
  }

  for (const [what, script, code] of cases) {
    test(`${what}: ${code}, and the next turn runs`, () =>
      turnWith(script, async ({ own, client, turnId, event }) => {
        if (code === 'fallback') {
          assert.deepEqual([event.kind, event.finishReason], ['turn.completed', 'fallback'], JSON.stringify(event))
          const notices = client.events(turnId).filter(one => one.event.kind === 'notice').map(one => one.event.code)
          assert.deepEqual(notices, ['fallback'])
          assert.equal(textOf(client.events(turnId)), event.text)
          assert.notEqual(event.text, '')
        } else {
          assert.deepEqual([event.kind, event.code, event.retryable], ['turn.failed', code, code === 'upstream_timeout'], JSON.stringify(event))
          assert.equal(textOf(client.events(turnId)), '')
        }
        for (const call of model.calls.items) await within(call.closed, 'the close of the model call')
        model.reset()
        await client.settle()
        const health = await own.get('/api/health')
        assert.equal(health.status, 200)
      }))
  }

  test('is lost after text fails the turn with upstream_failed, retryable, and keeps the text', async () => {
    const own = await Server.start({ model: model.url, env })
    try {
      model.next(held)
      const client = await own.connect()
      const { turnId } = await client.chat('hello')
      const call = await model.call()
      call.delta('so far')
      await client.event('text.delta', { turnId })
      call.raw('data: {"choices":[{"ind')
      call.cut()
      const { event } = await client.end(turnId)
      assert.deepEqual([event.kind, event.code, event.retryable], ['turn.failed', 'upstream_failed', true])
      await assertChats(own)
      await client.close()
    } finally {
      await own.close()
    }
  })

  const calls = [
    ['a tool that is not there', { id: 'a', name: 'calendar_rob', arguments: {} }, 'not_found'],
    ['a tool with arguments that are no JSON', { id: 'a', name: 'memory_remember', arguments: '{"key":' }, 'invalid_request'],
    ['a tool with arguments that do not fit', { id: 'a', name: 'memory_remember', arguments: { key: 7 } }, 'invalid_request'],
    ['a tool with arguments that are a list', { id: 'a', name: 'memory_remember', arguments: '[]' }, 'invalid_request'],
  ]
  for (const [what, tool, code] of calls) {
    test(`calls ${what} is told so, and the turn goes on`, async () => {
      model.next(asksFor([tool]), says('nothing to do'), says('it could not be done'))
      const client = await server.connect()
      const { turnId } = await client.chat('try it', { specialization: 'scheduling' })
      assert.equal((await client.end(turnId)).event.text, 'it could not be done')
      const result = client.events(turnId).map(one => one.event).find(one => one.kind === 'tool.result')
      assert.equal(result.status, 'failed')
      assert.equal(result.error.code, code)
      const told = (await model.call(1)).body.messages.find(one => one.role === 'tool')
      assert.equal(JSON.parse(told.content).error.code, code)
      assert.deepEqual((await server.get('/api/ai/memory')).json.memory, {})
      await client.close()
    })
  }

  test('calls tools for ever is stopped after six rounds, with finishReason tool_limit', async () => {
    let round = 0
    model.otherwise = call => call.body.tools
      ? asksFor([{ id: `call_${++round}`, name: 'memory_remember', arguments: { key: 'round', content: String(round) } }])(call)
      : says('that was enough')(call)
    const client = await server.connect()
    const { turnId } = await client.chat('never stop', { specialization: 'scheduling' })
    const { event } = await client.end(turnId)
    assert.equal(event.finishReason, 'tool_limit')
    assert.equal(event.text, 'that was enough')
    assert.equal(model.count, 7)
    await client.close()
  })
})
