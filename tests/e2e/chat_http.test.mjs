/// `protocol.md`, Chat over HTTP and Model failures as a client sees them.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { assertContiguous, assertProblem, chatBody, endsTurn, open, Server, sseEvents, textOf, within } from './harness.mjs'
import { fails, held, says, tell } from './model_server.mjs'
import { sharedServer } from './shared_server.mjs'

let model
let server

const sse = { Accept: 'text/event-stream' }
const chat = (message, extra, options) => server.post('/api/ai/chat', chatBody(message, extra), options)
const openChat = (message, extra, options = {}) =>
  open(server.url, 'POST', '/api/ai/chat', { token: server.token, body: chatBody(message, extra), ...options })

async function messagesOf(answer) {
  const shown = await server.get(`/api/conversations/${answer.headers['x-conversation-id']}`)
  assert.equal(shown.status, 200, shown.text)
  return shown.json.messages
}

/// A chat whose text comes in just these deltas: the answer at its end, and the WebSocket frames of the turn.
async function inPieces(pieces, options) {
  const conversationId = `cnv_${randomUUID()}`
  const number = model.count
  model.next(held)
  const opened = openChat('go', { conversationId }, options)
  const call = await model.call(number)
  const client = await server.connect()
  await client.subscribe(conversationId)
  const { turnId } = await client.event('turn.started')
  await tell(call, client, turnId, pieces)
  call.done()
  await client.end(turnId)
  await client.close()
  const answer = await opened
  await answer.whole()
  return { answer, frames: client.events(turnId) }
}

sharedServer(made => ({ model, server } = made))

describe('as plain text', () => {
  test('the body is the model\'s text and nothing else', async () => {
    model.next(says(['Grüß ', 'dich', ' 👋\n', '[[', 'x', ']]']))
    const answer = await chat('hello')
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
    assert.equal(answer.headers['transfer-encoding'], 'chunked')
    assert.match(answer.headers['x-conversation-id'], /^cnv_/)
    assert.match(answer.headers['x-turn-id'], /^trn_/)
    assert.equal(answer.text, 'Grüß dich 👋\n[[x]]')
    const messages = await messagesOf(answer)
    assert.deepEqual(messages.map(one => [one.role, one.content, one.status, one.turnId]), [
      ['user', 'hello', 'complete', answer.headers['x-turn-id']],
      ['assistant', 'Grüß dich 👋\n[[x]]', 'complete', answer.headers['x-turn-id']],
    ])
  })

  test('each delta is sent as it arrives', async () => {
    model.next(held)
    const opened = openChat('hello')
    const call = await model.call()
    call.delta('one ')
    const answer = await opened
    assert.equal(await answer.until('one '), 'one ')
    call.delta('two ')
    assert.equal(await answer.until('two '), 'one two ')
    call.delta('three')
    call.done()
    assert.equal(await answer.whole(), 'one two three')
  })

  test('the headers are sent after 2 s where the model is still silent', async () => {
    model.next(held)
    const began = performance.now()
    const opened = openChat('hello')
    const call = await model.call()
    const answer = await opened
    const waited = performance.now() - began
    assert.equal(answer.status, 200)
    assert.ok(waited > 1_800, `after ${waited} ms`)
    assert.match(answer.headers['x-turn-id'], /^trn_/)
    call.delta('at last')
    call.done()
    assert.equal(await answer.whole(), 'at last')
  })

  const forged = '[[PERIN_STEP:start:a:b]]'
  const escaped = '[[\u2060PERIN_STEP:start:a:b]]'
  for (let cut = 0; cut <= '[[PERIN_'.length; ++cut) {
    test(`a control token of the model is escaped when a delta ends within it at ${cut}`, async () => {
      const { answer, frames } = await inPieces([`before ${forged.slice(0, cut)}`, `${forged.slice(cut)} after`])
      assert.equal(answer.text, `before ${escaped} after`)
      assert.equal(textOf(frames), `before ${forged} after`, 'WebSocket text is not escaped')
    })
  }

  const table = [
    ['a token in single characters', [...forged], escaped],
    ['[[ and U+2060', ['a[[\u2060b'], 'a[[\u2060\u2060b'],
    ['[[ and U+2060 in two deltas', ['a[[', '\u2060PERIN_b'], 'a[[\u2060\u2060PERIN_b'],
    ['three brackets', ['[[[PERIN_X]]'], '[[[\u2060PERIN_X]]'],
    ['a beginning that ends the text', ['x [[PERIN'], 'x [[PERIN'],
    ['another word', ['[[PERI', 'SH]]'], '[[PERISH]]'],
    ['small letters', ['[[perin_x]]'], '[[perin_x]]'],
    ['two tokens in a row', ['[[PERIN_[[PER', 'IN_'], '[[\u2060PERIN_[[\u2060PERIN_'],
  ]
  for (const [what, pieces, wanted] of table) {
    test(`${what} is sent as it should`, async () => {
      const { answer, frames } = await inPieces(pieces)
      assert.equal(answer.text, wanted)
      assert.equal(textOf(frames), pieces.join(''), 'WebSocket text is not escaped')
    })
  }

  test('a cancelled turn ends with its notice', async () => {
    model.next(held)
    const opened = openChat('hello')
    const call = await model.call()
    call.delta('so far')
    const answer = await opened
    await answer.until('so far')
    const client = await server.connect()
    await client.accepted({ type: 'chat.cancel', turnId: answer.headers['x-turn-id'] })
    assert.equal(await answer.whole(), 'so far[[PERIN_NOTICE:cancelled]]')
    await client.close()
  })

  test('the offline assistant\'s notice is a token', async () => {
    const offline = await Server.start()
    try {
      const answer = await offline.post('/api/ai/chat', chatBody('hello'))
      assert.equal(answer.status, 200)
      const [, token, text] = /^(\[\[PERIN_NOTICE:offline\]\])([^]+)$/.exec(answer.text) ?? []
      assert.ok(token, answer.text)
      assert.ok(!text.includes('[[PERIN_'), answer.text)
    } finally {
      await offline.close()
    }
  })
})

describe('as server-sent events', () => {
  test('the body is the events of the turn, with id, event and data', async () => {
    const { answer, frames: seen } = await inPieces(['[[PERIN_', 'X]] ', 'hi'], { headers: sse })
    assert.equal(answer.status, 200)
    assert.match(answer.headers['content-type'], /^text\/event-stream/)
    const turnId = answer.headers['x-turn-id']
    const events = sseEvents(answer.text)
    for (const one of events) {
      assert.equal(one.id, String(one.data.seq))
      assert.equal(one.event, one.data.event.kind)
      assert.equal(one.data.type, 'event')
      assert.equal(one.data.turnId, turnId)
    }
    const frames = events.map(one => one.data)
    assertContiguous(frames)
    assert.deepEqual(frames, seen, 'they are the frames of the WebSocket')
    assert.equal(frames[0].event.kind, 'turn.started')
    assert.equal(frames.at(-1).event.kind, 'turn.completed')
    assert.equal(textOf(frames), '[[PERIN_X]] hi', 'SSE text is not escaped')
    assert.equal(frames.at(-1).event.text, '[[PERIN_X]] hi')
  })

  test('a conversation is read from afterSeq, and Last-Event-ID wins', async () => {
    const first = await chat('one', {}, { headers: sse })
    const conversationId = first.headers['x-conversation-id']
    await chat('two', { conversationId })
    const { lastSeq } = (await server.get(`/api/conversations/${conversationId}`)).json
    const read = async (query, headers = {}) => {
      const path = `/api/conversations/${conversationId}/events${query}`
      const answer = await open(server.url, 'GET', path, { token: server.token, headers: { ...sse, ...headers } })
      assert.equal(answer.status, 200)
      assert.match(answer.headers['content-type'], /^text\/event-stream/)
      await answer.until(text => sseEvents(text).some(one => one.id === String(lastSeq)), `event ${lastSeq}`)
      answer.drop()
      return sseEvents(answer.text).map(one => one.data)
    }
    const all = await read('')
    assertContiguous(all, 0)
    assert.equal(all.filter(endsTurn).length, 2)
    assertContiguous(await read(`?afterSeq=${lastSeq - 3}`), lastSeq - 3)
    assertContiguous(await read('?afterSeq=1', { 'Last-Event-ID': String(lastSeq - 2) }), lastSeq - 2)
  })

  test('a conversation is read live, and ends with its deletion', async () => {
    const first = await chat('one')
    const conversationId = first.headers['x-conversation-id']
    const path = `/api/conversations/${conversationId}/events`
    const reader = await open(server.url, 'GET', path, { token: server.token, headers: sse })
    await reader.until('turn.completed')
    model.next(held)
    const second = openChat('two', { conversationId })
    const call = await model.call(1)
    call.delta('a live word')
    await reader.until('a live word')
    call.done()
    await (await second).whole()
    await reader.until(text => sseEvents(text).filter(one => one.event === 'turn.completed').length === 2, 'both ends')
    assert.equal((await server.delete(`/api/conversations/${conversationId}`)).status, 204)
    await reader.whole()
  })

  test('a conversation is read to a drain', async () => {
    const own = await Server.start({ model: model.url })
    try {
      const first = await own.post('/api/ai/chat', chatBody('one'))
      const path = `/api/conversations/${first.headers['x-conversation-id']}/events`
      const reader = await open(own.url, 'GET', path, { token: own.token, headers: sse })
      await reader.until('turn.completed')
      const stopped = own.stop()
      await reader.whole()
      assert.deepEqual(await stopped, { code: 0, signal: null })
    } finally {
      await own.close()
    }
  })

  test('a bad afterSeq is invalid_request, a conversation of another user not_found', async () => {
    const conversationId = (await chat('one')).headers['x-conversation-id']
    const path = `/api/conversations/${conversationId}/events`
    for (const afterSeq of ['x', '-1', '1.5']) {
      assertProblem(await server.get(`${path}?afterSeq=${afterSeq}`), 400, 'invalid_request', { parameter: 'afterSeq' })
    }
    assertProblem(await server.get(path, { token: server.users.bert.token }), 404, 'not_found')
    assertProblem(await server.get('/api/conversations/nonsense/events'), 404, 'not_found')
  })
})

describe('a conversation', () => {
  test('begins with the earlier messages as its history; later only the last message is taken', async () => {
    const messages = [
      { role: 'user', content: 'I am Anna' },
      { role: 'assistant', content: 'Hello Anna' },
      { role: 'user', content: 'who am I?' },
    ]
    const first = await server.post('/api/ai/chat', { messages })
    const said = call => call.body.messages.filter(one => one.role !== 'system').map(one => one.content)
    assert.deepEqual(said(await model.call(0)), ['I am Anna', 'Hello Anna', 'who am I?'])
    const conversationId = first.headers['x-conversation-id']
    await server.post('/api/ai/chat', { messages: [...messages, { role: 'assistant', content: 'made up' }, { role: 'user', content: 'and now?' }], conversationId })
    assert.deepEqual(said(await model.call(1)), ['I am Anna', 'Hello Anna', 'who am I?', 'model says: who am I?', 'and now?'])
  })

  test('may be given a new id by the client, the same by two users', async () => {
    const conversationId = 'cnv_e2e-http-chosen'
    const ours = await chat('from anna', { conversationId })
    assert.equal(ours.headers['x-conversation-id'], conversationId)
    const theirs = await chat('from bert', { conversationId }, { token: server.users.bert.token })
    assert.equal(theirs.headers['x-conversation-id'], conversationId)
    assert.notEqual(theirs.headers['x-turn-id'], ours.headers['x-turn-id'])
    assert.deepEqual((await messagesOf(ours)).map(one => one.content), ['from anna', 'model says: from anna'])
  })

  test('that was deleted stays taken', async () => {
    const conversationId = 'cnv_e2e-http-deleted'
    await chat('hello', { conversationId })
    assert.equal((await server.delete(`/api/conversations/${conversationId}`)).status, 204)
    assertProblem(await chat('hello again', { conversationId }), 404, 'not_found')
    assert.equal(model.count, 1)
  })
})

describe('a request', () => {
  test('that is repeated with its idempotencyKey gets the same turn and text', async () => {
    const extra = { conversationId: 'cnv_e2e-http-idempotent', idempotencyKey: 'http-1' }
    const first = await chat('once', extra)
    const again = await chat('once', extra)
    assert.equal(again.status, 200)
    assert.equal(again.headers['x-turn-id'], first.headers['x-turn-id'])
    assert.equal(again.headers['x-conversation-id'], first.headers['x-conversation-id'])
    assert.equal(again.text, first.text)
    assert.equal(model.count, 1)
    assertProblem(await chat('twice', extra), 409, 'conflict')
  })

  test('past a full queue is 429 with Retry-After 1, and with onBusy reject 409', async () => {
    const conversationId = 'cnv_e2e-http-full'
    model.next(held)
    const running = openChat('hold on', { conversationId })
    const call = await model.call()
    assertProblem(await chat('no', { conversationId, onBusy: 'reject' }), 409, 'conflict')
    const client = await server.connect()
    let last
    for (const message of ['a', 'b', 'c', 'd', 'e']) last = await client.chat(message, { conversationId })
    const refused = await chat('one too many', { conversationId })
    assertProblem(refused, 429, 'rate_limited')
    assert.equal(refused.headers['retry-after'], '1')
    call.delta('done')
    call.done()
    assert.equal(await (await running).whole(), 'done')
    await client.end(last.turnId)
    await client.close()
  })

  test('whose client goes away does not stop the turn', async () => {
    const client = await server.connect()
    model.next(held)
    const opened = openChat('stay', { conversationId: 'cnv_e2e-http-away' })
    const call = await model.call()
    call.delta('one ')
    const answer = await opened
    await answer.until('one ')
    await client.subscribe('cnv_e2e-http-away')
    answer.drop()
    await tell(call, client, answer.headers['x-turn-id'], ['two ', 'three'])
    assert.ok(call.open)
    call.done()
    const { event } = await client.end(answer.headers['x-turn-id'])
    assert.equal(event.text, 'one two three')
    assert.equal(event.finishReason, 'stop')
    await client.close()
  })

  const user = content => ({ role: 'user', content })
  const table = [
    ['no messages', {}, '/messages'],
    ['messages that are an object', { messages: {} }, '/messages'],
    ['an empty list', { messages: [] }, '/messages'],
    ['201 messages', { messages: Array.from({ length: 201 }, () => user('x')) }, '/messages'],
    ['10,000 messages', { messages: Array.from({ length: 10_000 }, () => user('x')) }, '/messages'],
    ['a message that is a string', { messages: ['hi'] }, '/messages/0'],
    ['no role', { messages: [{ content: 'hi' }] }, '/messages/0/role'],
    ['the role system', { messages: [{ role: 'system', content: 'obey' }, user('hi')] }, '/messages/0/role'],
    ['no content', { messages: [{ role: 'user' }] }, '/messages/0/content'],
    ['content that is a number', { messages: [user(1)] }, '/messages/0/content'],
    ['empty content', { messages: [user('hi'), { role: 'assistant', content: '' }, user('x')] }, '/messages/1/content'],
    ['content of 100,001 characters', { messages: [user('x'.repeat(100_001))] }, '/messages/0/content'],
    ['an assistant\'s last message', { messages: [user('hi'), { role: 'assistant', content: 'x' }] }],
    ['a conversationId that is a number', { ...chatBody('hi'), conversationId: 1 }, '/conversationId'],
    ['a tone of 51 characters', { ...chatBody('hi'), tone: 'x'.repeat(51) }, '/tone'],
    ['an unknown specialization', { ...chatBody('hi'), specialization: 'gardening' }, '/specialization'],
    ['an unknown timezone', { ...chatBody('hi'), timezone: 'Mars/Olympus' }, '/timezone'],
    ['an unknown onBusy', { ...chatBody('hi'), onBusy: 'panic' }, '/onBusy'],
    ['an idempotencyKey of 101 characters', { ...chatBody('hi'), idempotencyKey: 'x'.repeat(101) }, '/idempotencyKey'],
    ['a perinName of 201 characters', { ...chatBody('hi'), perinName: 'x'.repeat(201) }, '/perinName'],
  ]
  for (const [what, body, pointer] of table) {
    test(`with ${what} is invalid_request`, async () => {
      assertProblem(await server.post('/api/ai/chat', body), 400, 'invalid_request', { pointer })
      assert.equal(model.count, 0)
    })
  }
})

describe('a failure of the model', () => {
  /// Each on a server of its own: a circuit that one opened would answer for the next.
  async function withServer(env, body) {
    const shared = server
    server = await Server.start({ model: model.url, env: { PERIN_RETRY_BASE_MS: '1', ...env } })
    try {
      await body()
    } finally {
      await server.close()
      server = shared
    }
  }

  for (const headers of [{}, sse]) {
    const coat = headers.Accept ?? 'text/plain'
    test(`500 before any text is tried again, then the built-in assistant answers (${coat})`, () => withServer({}, async () => {
      model.otherwise = fails(500)
      const answer = await chat('hello', {}, { headers })
      assert.equal(answer.status, 200)
      assert.equal(model.count, 4, 'three retries')
      if (headers.Accept) {
        const events = sseEvents(answer.text).map(one => one.data.event)
        assert.deepEqual(events.filter(one => one.kind === 'notice').map(one => one.code), ['fallback'])
        assert.equal(events.at(-1).finishReason, 'fallback')
      } else {
        assert.match(answer.text, /\[\[PERIN_NOTICE:fallback\]\]/)
      }
    }))

    test(`silence before any text is 504 upstream_timeout (${coat})`, () => withServer({ PERIN_MODEL_FIRST_S: '0.2' }, async () => {
      model.otherwise = held
      assertProblem(await chat('hello', {}, { headers }), 504, 'upstream_timeout')
    }))
  }

  test('a refused request is 502 upstream_failed', () => withServer({}, async () => {
    model.otherwise = fails(400, { message: 'bad', type: 'invalid_request_error', param: null, code: null })
    assertProblem(await chat('hello'), 502, 'upstream_failed')
    assert.equal(model.count, 1, 'it is not tried again')
  }))

  test('a conversation that stays too long is 413 too_large', () => withServer({}, async () => {
    model.otherwise = fails(400, { message: 'too long', type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' })
    assertProblem(await chat('hello'), 413, 'too_large')
    assert.equal(model.count, 2, 'it is shortened once')
  }))

  const form = code => new RegExp(`^so far\\[\\[PERIN_ERROR:${code}:[^:[\\]\\r\\n]+\\]\\]$`)

  test('a cut after text is the last token of the body', () => withServer({}, async () => {
    model.next(held)
    const opened = openChat('hello')
    const call = await model.call()
    call.delta('so far')
    const answer = await opened
    await answer.until('so far')
    call.cut()
    assert.match(await answer.whole(), form('upstream_failed'))
    assert.deepEqual((await messagesOf(answer)).map(one => [one.content, one.status]), [['hello', 'failed'], ['so far', 'failed']])
    assert.equal(model.count, 1, 'a stream that has delivered text is not started again')
  }))

  test('silence after text is the last token of the body', () => withServer({ PERIN_MODEL_IDLE_S: '0.2' }, async () => {
    model.next(held)
    const opened = openChat('hello')
    const call = await model.call()
    call.delta('so far')
    const answer = await opened
    assert.match(await answer.whole(), form('upstream_timeout'))
    await within(call.closed, 'the close of the model call')
  }))

  test('after text is the last event, with the partial text kept', () => withServer({}, async () => {
    model.next(held)
    const opened = openChat('hello', {}, { headers: sse })
    const call = await model.call()
    call.delta('so far')
    const answer = await opened
    await answer.until('so far')
    call.cut()
    const frames = sseEvents(await answer.whole()).map(one => one.data)
    const { event } = frames.at(-1)
    assert.equal(event.kind, 'turn.failed')
    assert.equal(event.code, 'upstream_failed')
    assert.equal(event.retryable, true)
    assert.equal(typeof event.detail, 'string')
    assert.equal(textOf(frames), 'so far')
  }))
})
