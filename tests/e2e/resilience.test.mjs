/// What a client and an operator see of a model service that fails: retries, the circuit, the ladder of
/// fallbacks, and a server that is killed in parts.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Server, request } from './harness.mjs'
import { ModelServer, fails, held, says } from './model_server.mjs'

let model

before(async () => {
  model = await ModelServer.start()
})
after(() => model.close())

async function withServer(env, body) {
  model.reset()
  const server = await Server.start({ model: model.url, env: { PERIN_RETRY_BASE_MS: '1', PERIN_LIMITS: 'off', ...env } })
  try {
    await body(server)
  } finally {
    await server.close()
  }
}

/// A turn to its end: its last event and its notices.
async function turn(client, text, more = {}) {
  const { turnId } = await client.chat(text, more)
  const { event } = await client.end(turnId)
  const events = client.events(turnId).map(one => one.event)
  return { event, events, notices: events.filter(one => one.kind === 'notice') }
}

const circuits = async server => (await request(server.admin, 'GET', '/circuits')).json

describe('the ladder', () => {
  test('a failure that passes is not seen', () => withServer({}, async server => {
    model.next(fails(503), fails(500), says('third time'))
    const client = await server.connect()
    const { event, notices } = await turn(client, 'hello')
    assert.deepEqual([event.kind, event.text, event.finishReason], ['turn.completed', 'third time', 'stop'])
    assert.deepEqual(notices, [])
    assert.equal(model.count, 3)
    await client.close()
  }))

  test('another configured model is asked where the first is gone', () => withServer({ PERIN_MODELS: 'first,second' }, async server => {
    model.otherwise = call => call.body.model === 'first' ? fails(500)(call) : says('from the second')(call)
    const client = await server.connect()
    const { event, notices } = await turn(client, 'hello')
    assert.deepEqual([event.kind, event.text, event.finishReason], ['turn.completed', 'from the second', 'stop'])
    assert.deepEqual(notices.map(one => one.code), ['fallback'])
    assert.match(notices[0].detail, /second/)
    await client.close()
  }))

  test('what was asked and answered before is answered again', () => withServer({}, async server => {
    const client = await server.connect()
    model.next(says('an answer worth keeping'))
    await turn(client, 'the question')
    model.otherwise = fails(500)
    const again = await turn(client, 'the question')
    assert.deepEqual([again.event.text, again.event.finishReason], ['an answer worth keeping', 'fallback'])
    assert.deepEqual(again.notices.map(one => one.code), ['fallback'])
    const other = await turn(client, 'another question')
    assert.notEqual(other.event.text, 'an answer worth keeping')
    assert.equal(other.event.finishReason, 'fallback')
    await client.close()
  }))

  test('the built-in assistant keeps its tools', () => withServer({}, async server => {
    model.otherwise = fails(500)
    const client = await server.connect()
    const { event, events } = await turn(client, 'remember that my desk is 14b', { specialization: 'scheduling' })
    assert.deepEqual([event.kind, event.finishReason], ['turn.completed', 'fallback'], JSON.stringify(event))
    assert.equal(events.find(one => one.kind === 'tool.result')?.status, 'ok')
    assert.match(JSON.stringify((await server.get('/api/ai/memory')).json), /14b/)
    await client.close()
  }))

  const answers = [
    ['401', fails(401, { message: 'x', type: 'invalid_request_error', code: 'invalid_api_key' }), 1],
    ['a spent quota', fails(429, { message: 'x', type: 'insufficient_quota', code: 'insufficient_quota' }), 1],
    ['a rate limit without a wait', fails(429, { message: 'x', type: 'requests', code: 'rate_limit_exceeded' }), 1],
    ['a wait longer than patience', fails(429, { message: 'x', type: 'requests', code: 'rate_limit_exceeded' }, { 'retry-after': '40' }), 1],
    ['a short wait, each time', fails(429, { message: 'x', type: 'requests', code: 'rate_limit_exceeded' }, { 'retry-after-ms': '5' }), 4],
  ]
  for (const [what, script, calls] of answers) {
    test(`${what}: the fallback, after ${calls} calls, and the circuit stays closed`, () => withServer({}, async server => {
      model.otherwise = script
      const client = await server.connect()
      const { event, notices } = await turn(client, 'hello')
      assert.deepEqual([event.kind, event.finishReason], ['turn.completed', 'fallback'], JSON.stringify(event))
      assert.deepEqual(notices.map(one => one.code), ['fallback'])
      assert.equal(model.count, calls)
      assert.equal((await circuits(server))[0].state, 'closed')
      await client.close()
    }))
  }
})

describe('the circuit', () => {
  test('opens after five failures, answers without a call, is told of, and can be reset', () => withServer({}, async server => {
    model.otherwise = fails(500)
    assert.deepEqual(await circuits(server), [])
    const client = await server.connect()
    await turn(client, 'one')
    await turn(client, 'two')
    const [open] = await circuits(server)
    assert.deepEqual([open.state, open.failures], ['open', 5])
    assert.match(open.key, /^model:/)
    assert.ok(Date.parse(open.opensUntil) > Date.parse(open.lastFailure))
    assert.equal(model.count, 5)
    const third = await turn(client, 'three')
    assert.equal(model.count, 5, 'nothing is called')
    assert.equal(third.event.finishReason, 'fallback')
    const health = (await server.get('/api/health')).json
    assert.deepEqual([health.status, health.checks.llm], ['degraded', 'open'])
    assert.equal((await request(server.admin, 'DELETE', '/circuits/nobody')).status, 404)
    assert.equal((await request(server.admin, 'DELETE', `/circuits/${open.key}`)).status, 204)
    assert.equal((await circuits(server))[0].state, 'closed')
    model.otherwise = says('back')
    assert.equal((await turn(client, 'four')).event.text, 'back')
    assert.equal((await server.get('/api/health')).json.status, 'ok')
    await client.close()
  }))

  test('many at once fall back without a call each', () => withServer({}, async server => {
    model.otherwise = fails(500)
    const client = await server.connect()
    await turn(client, 'one')
    await turn(client, 'two')
    const before = model.count
    const ends = await Promise.all(Array.from({ length: 30 }, (_, n) => turn(client, 'again', { conversationId: `cnv_talk-${n}-000000` })))
    assert.ok(ends.every(one => one.event.finishReason === 'fallback'))
    assert.equal(model.count, before)
    await client.close()
  }))
})

describe('deadlines', () => {
  test('a model that takes the call and says nothing is tried again, then the turn fails in time', () =>
    withServer({ PERIN_MODEL_FIRST_S: '0.1' }, async server => {
      model.otherwise = held
      const client = await server.connect()
      const { event } = await turn(client, 'hello')
      assert.deepEqual([event.kind, event.code, event.retryable], ['turn.failed', 'upstream_timeout', true])
      assert.equal(model.count, 4)
      await client.close()
    }))

  test('a cancelled turn leaves no retry behind', () => withServer({ PERIN_RETRY_BASE_MS: '60000', PERIN_PATIENCE_S: '600' }, async server => {
    model.otherwise = fails(500)
    const client = await server.connect()
    const { turnId } = await client.chat('hello')
    await model.call()
    await client.accepted({ type: 'chat.cancel', turnId })
    const { event } = await client.end(turnId)
    assert.equal(event.finishReason, 'cancelled')
    assert.equal(model.count, 1)
    await client.close()
  }))
})

describe('a model of which a third of the calls fail', () => {
  /// Repeats for a seed.
  function chance(seed) {
    let state = seed
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state / 2 ** 32
    }
  }

  const failing = [
    fails(500),
    fails(429, { message: 'x', type: 'requests', code: 'rate_limit_exceeded' }, { 'retry-after-ms': '5' }),
    held,
    call => call.cut(),
    call => {
      if (!call.stream) return call.cut()
      call.delta('a part of ')
      setImmediate(() => call.cut())
    },
    call => call.stream && call.delta('a part of '),
  ]

  test('every turn ends once, with its text told once, in time', () =>
    withServer({ PERIN_MODEL_FIRST_S: '0.2', PERIN_MODEL_IDLE_S: '0.2' }, async server => {
      const random = chance(7)
      model.otherwise = call => random() < 0.3 ? failing[Math.floor(random() * failing.length)](call) : says(['a whole ', 'answer'])(call)
      const ends = new Map()
      const talk = async number => {
        const client = await server.connect()
        const conversationId = `cnv_faults-${String(number).padStart(4, '0')}`
        for (let n = 0; n < 20; ++n) {
          if (number === 0) await request(server.admin, 'DELETE', '/circuits')
          const begun = performance.now()
          const { event, events, notices } = await turn(client, `question ${n}`, { conversationId, ...(n % 2 ? { specialization: 'scheduling' } : {}) })
          assert.ok(performance.now() - begun < 15_000)
          const said = events.filter(one => one.kind === 'text.delta').map(one => one.text).join('')
          if (event.kind === 'turn.completed') {
            assert.equal(event.text, said)
            assert.equal(event.finishReason === 'fallback', notices.some(one => one.code === 'fallback'))
          } else {
            assert.match(event.code, /^upstream_(failed|timeout)$/)
            assert.ok(said === '' || said === 'a part of ', said)
          }
          const what = event.kind === 'turn.completed' ? event.finishReason : event.code
          ends.set(what, (ends.get(what) ?? 0) + 1)
        }
        // Whatever came later: one end for each turn.
        await client.settle()
        const all = client.events().filter(one => ['turn.completed', 'turn.failed'].includes(one.event.kind)).map(one => one.turnId)
        assert.equal(new Set(all).size, 20)
        assert.equal(all.length, 20)
        await client.close()
      }
      await Promise.all(Array.from({ length: 25 }, (_, number) => talk(number)))
      for (const what of ['stop', 'fallback']) assert.ok(ends.get(what) > 0, JSON.stringify([...ends]))
    }))
})

describe('operators', () => {
  test('the tree of actors shows every part, whole', () => withServer({}, async server => {
    const client = await server.connect()
    await turn(client, 'hello', { conversationId: 'cnv_shown-000000' })
    const { json: root } = await request(server.admin, 'GET', '/actors')
    assert.deepEqual(Object.keys(root).sort(), ['children', 'lastError', 'mailbox', 'name', 'restarts', 'state'])
    assert.equal(root.name, 'root')
    const names = root.children.map(one => one.name)
    for (const name of ['store', 'reader', 'accounts', 'memory', 'upstreams', 'conversations']) assert.ok(names.includes(name), names.join())
    const look = one => {
      assert.ok(['running', 'resting'].includes(one.state), JSON.stringify(one))
      assert.equal(one.restarts, 0)
      one.children.forEach(look)
    }
    look(root)
    const under = name => root.children.find(one => one.name === name).children.map(one => one.name)
    assert.ok(under('conversations').includes('conversation cnv_shown-000000'))
    const upstreams = under('upstreams')
    assert.equal(upstreams.length, 2)
    assert.equal(upstreams[0], 'database')
    assert.match(upstreams[1], /^model:/)
    await client.close()
  }))
})
