/// `protocol.md`, WebSocket and Events.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { assertContiguous, assertProblem, Client, endsTurn, password, Server, textOf, within } from './harness.mjs'
import { held, ModelServer, says, tell } from './model_server.mjs'

let model
let server
let clients = []

async function connect(options) {
  const client = await server.connect(options)
  clients.push(client)
  return client
}

const asBert = () => ({ token: server.users.bert.token })

/// A turn that runs until the test lets it go: its model call is given back.
async function heldTurn(client, message = 'hold on', extra = {}) {
  model.next(held)
  const number = model.count
  const accepted = await client.chat(message, extra)
  return { ...accepted, call: await model.call(number) }
}

before(async () => {
  model = await ModelServer.start()
  server = await Server.start({ model: model.url, users: ['anna', 'bert'], env: { PERIN_RETRY_BASE_MS: '1' } })
})

beforeEach(() => model.reset())

afterEach(async () => {
  const open = clients
  clients = []
  await Promise.all(open.map(client => client.close()))
})

after(async () => {
  await server?.close()
  await model?.close()
})

describe('becoming ready', () => {
  test('a token in the header of the upgrade gets ready by itself', async () => {
    const client = await connect()
    const { ready } = client
    assert.equal(client.frames.items[0], ready)
    assert.equal(client.socket.protocol, 'perin.v1')
    assert.match(ready.sessionId, /^ses_/)
    assert.equal(ready.user.email, 'anna@example.com')
    assert.match(ready.user.id, /^usr_/)
    assert.equal(ready.node, server.node)
    assert.equal(typeof ready.version, 'string')
    assert.equal(ready.delegation ?? null, null)
    assert.equal(ready.limits, null)
  })

  test('an auth frame gets ready, with its requestId', async () => {
    const client = await connect({ auth: false })
    const ready = await client.ask({ type: 'auth', token: server.token })
    assert.equal(ready.type, 'ready')
    assert.equal(ready.user.email, 'anna@example.com')
    assert.equal((await client.chat('hello')).type, 'accepted')
  })

  test('a second auth frame, sent with the first or later, is a conflict, and the connection stays', async () => {
    const client = await connect({ auth: false })
    const auth = requestId => ({ type: 'auth', token: server.token, requestId })
    client.send(auth('first'))
    client.send(auth('second'))
    client.send({ type: 'auth', token: 'prt_wrong', requestId: 'third' })
    client.send({ type: 'chat.send', message: 'hello', requestId: 'fourth' })
    const answer = id => client.frames.find(one => one.requestId === id, `the answer to ${id}`)
    assert.equal((await answer('first')).type, 'ready')
    assert.equal((await answer('second')).code, 'conflict')
    assert.equal((await answer('third')).code, 'conflict')
    const { turnId } = await answer('fourth')
    assert.equal((await client.end(turnId)).event.text, 'model says: hello')
    await client.refused({ type: 'auth', token: server.token }, 'conflict')
    await client.settle()
  })

  test('a wrong token in the auth frame gets an error and close 1008', async () => {
    const client = await connect({ auth: false })
    await client.refused({ type: 'auth', token: 'prt_wrong' }, 'unauthenticated')
    assert.equal((await within(client.closed, 'the close')).code, 1008)
  })

  for (const first of ['{"type":"ping","t":1}', '{"type":"chat.send","message":"hi"}', 'not JSON', '[]']) {
    test(`${first} before auth gets an error and close 1008`, async () => {
      const client = await connect({ auth: false })
      client.send(first)
      const error = await client.frames.find(one => one.type === 'error', 'an error frame')
      assert.equal(error.code, 'unauthenticated')
      assert.equal((await within(client.closed, 'the close')).code, 1008)
      assert.equal(model.count, 0)
    })
  }

  test('a wrong token on the upgrade is 401 with a problem body', async () => {
    const client = await connect({ token: 'prt_wrong' })
    assertProblem(client.refusal, 401, 'unauthenticated')
  })

  test('the cookie opens a socket for our own page only', async () => {
    const login = await server.post('/api/auth/login', { email: 'anna@example.com', password }, { token: '' })
    assert.equal(login.status, 200, login.text)
    const Cookie = login.headers['set-cookie'][0].split(';')[0]
    const foreign = await connect({ auth: false, headers: { Cookie, Origin: 'http://evil.example' } })
    assertProblem(foreign.refusal, 403, 'forbidden')
    const silent = await connect({ auth: false, headers: { Cookie } })
    assertProblem(silent.refusal, 403, 'forbidden')
    for (const headers of [{ Cookie, Origin: server.url }, { Cookie, 'Sec-Fetch-Site': 'same-origin' }]) {
      const own = await connect({ auth: false, ready: true, headers })
      assert.equal(own.ready.user.email, 'anna@example.com')
    }
  })

  test('with a bearer token the Origin is not looked at', async () => {
    const client = await connect({ headers: { Origin: 'http://evil.example' } })
    assert.equal(client.ready.type, 'ready')
  })
})

describe('a turn', () => {
  test('is accepted, started, streamed and completed with seq rising by one', async () => {
    const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }
    model.next(says(['Grüß ', 'dich, ', 'Anna 👋'], { usage }))
    const client = await connect()
    const accepted = await client.chat('hello there')
    assert.match(accepted.conversationId, /^cnv_/)
    assert.match(accepted.turnId, /^trn_/)
    const end = await client.end(accepted.turnId)
    const events = client.events(accepted.turnId)

    const place = client.frames.items.indexOf(accepted)
    assert.ok(client.frames.items.slice(0, place).every(one => one.type !== 'event'), 'accepted goes before the events')
    assertContiguous(events, accepted.seq)
    const kinds = events.map(one => one.event.kind)
    assert.equal(kinds[0], 'turn.started')
    assert.equal(kinds.filter(one => one === 'turn.started').length, 1)
    assert.equal(kinds.at(-1), 'turn.completed')
    assert.equal(events[0].event.message, 'hello there')
    assert.ok(['direct', null].includes(events[0].event.mode), `mode ${events[0].event.mode}`)
    assert.equal(textOf(events), 'Grüß dich, Anna 👋')
    assert.equal(end.event.text, 'Grüß dich, Anna 👋')
    assert.equal(end.event.finishReason, 'stop')
    assert.deepEqual(end.event.usage, { promptTokens: 11, completionTokens: 7, totalTokens: 18 })
    assert.ok(Number.isInteger(end.event.overheadMs) && end.event.overheadMs >= 0)
    for (const one of events) {
      assert.equal(one.conversationId, accepted.conversationId)
      assert.match(one.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    }
    const stages = events.filter(one => one.event.kind === 'stage').map(one => one.event)
    for (const stage of stages) assert.ok(['started', 'done', 'skipped', 'failed'].includes(stage.status))
    assert.ok(stages.some(one => one.name === 'DIRECT' && one.status === 'done'), JSON.stringify(stages))
  })

  test('has null usage where the model told none, and finishReason length where it ran out', async () => {
    model.next(says('cut of', { finish: 'length' }))
    const client = await connect()
    const { turnId } = await client.chat('hello')
    const { event } = await client.end(turnId)
    assert.equal(event.usage, null)
    assert.equal(event.finishReason, 'length')
  })

  test('shows each delta as it arrives', async () => {
    const client = await connect()
    const { turnId, call } = await heldTurn(client)
    await tell(call, client, turnId, ['one ', 'two ', 'three'])
    call.done()
    assert.equal((await client.end(turnId)).event.text, 'one two three')
  })

  test('gives the model what was said before', async () => {
    const client = await connect()
    const first = await client.chat('my first message')
    await client.end(first.turnId)
    const second = await client.chat('my second message', { conversationId: first.conversationId })
    assert.equal(second.conversationId, first.conversationId)
    await client.end(second.turnId)
    const said = (await model.call(1)).body.messages.filter(one => one.role !== 'system')
    assert.deepEqual(said.map(one => [one.role, one.content]), [
      ['user', 'my first message'],
      ['assistant', 'model says: my first message'],
      ['user', 'my second message'],
    ])
    assertContiguous(client.events(), first.seq)
  })

  test('may have a message of 100,000 characters outside the basic plane', async () => {
    const message = '𝄞'.repeat(100_000)
    const client = await connect()
    const { turnId } = await client.chat(message)
    await client.end(turnId)
    assert.equal((await model.call()).lastUserMessage, message)
  })

  test('two hellos at once are two turns, in order', async () => {
    const client = await connect()
    const conversationId = 'cnv_e2e-two-hellos'
    const both = await Promise.all([
      client.chat('hello one', { conversationId }), client.chat('hello two', { conversationId })])
    assert.notEqual(both[0].turnId, both[1].turnId)
    const ends = await Promise.all(both.map(one => client.end(one.turnId)))
    assert.deepEqual(ends.map(one => one.event.text), ['model says: hello one', 'model says: hello two'])
    assert.ok(ends[0].seq < ends[1].seq)
    assertContiguous(client.events(), both[0].seq)
  })

  test('two clients of one conversation see the same frames', async () => {
    const one = await connect()
    const two = await connect()
    const { turnId, conversationId, call } = await heldTurn(one)
    await two.subscribe(conversationId)
    await tell(call, one, turnId, ['a', 'b', 'c', 'd'])
    call.done()
    await Promise.all([one.end(turnId), two.end(turnId)])
    assert.deepEqual(two.events(turnId), one.events(turnId))
  })
})

describe('subscribing', () => {
  /// Every frame says what the live ones of its seqs said.
  function assertSame(frames, live, afterSeq) {
    assertContiguous(frames, afterSeq)
    for (const one of frames) {
      const parts = live.filter(part => part.seq >= (one.fromSeq ?? one.seq) && part.seq <= one.seq)
      if (one.event.kind === 'text.delta') assert.equal(one.event.text, textOf(parts))
      else assert.deepEqual(one, parts[0])
    }
  }

  /// Subscribes from every place and reads to the end each time.
  async function assertResumable(conversationId, live) {
    const last = live.at(-1).seq
    const client = await connect()
    for (let afterSeq = 0; afterSeq < last; ++afterSeq) {
      const from = client.frames.items.length
      const accepted = await client.subscribe(conversationId, afterSeq)
      assert.equal(accepted.seq, last)
      await client.frames.find(one => one.type === 'event' && one.seq === last, `the last event after ${afterSeq}`, { from })
      await client.settle()
      const place = client.frames.items.indexOf(accepted)
      assert.ok(client.frames.items.slice(from, place).every(one => one.type !== 'event'))
      assertSame(client.events(null, place), live, afterSeq)
    }
    const from = client.frames.items.length
    await client.subscribe(conversationId, last)
    await client.settle()
    assert.deepEqual(client.events(null, from), [])
  }

  test('from any afterSeq gives exactly the later events, also after the turns and after a restart', async () => {
    const client = await connect()
    const first = await heldTurn(client, 'count')
    await tell(first.call, client, first.turnId, ['one ', 'two ', 'three ', 'four'])
    first.call.done()
    await client.end(first.turnId)
    const second = await heldTurn(client, 'go on', { conversationId: first.conversationId })
    await tell(second.call, client, second.turnId, ['five ', 'six'])
    second.call.done()
    await client.end(second.turnId)
    const live = client.events()
    assertContiguous(live, 0)
    await assertResumable(first.conversationId, live)
    assert.equal((await server.stop()).code, 0)
    await server.start()
    await assertResumable(first.conversationId, live)
  })

  test('during a turn from any afterSeq gives what was and then what comes', async () => {
    const one = await connect()
    const { turnId, conversationId, call } = await heldTurn(one)
    await tell(call, one, turnId, ['one ', 'two ', 'three '])
    const newest = one.events(turnId).at(-1).seq
    const readers = []
    for (let afterSeq = 0; afterSeq <= newest; ++afterSeq) {
      const reader = await connect()
      assert.equal((await reader.subscribe(conversationId, afterSeq)).seq, newest)
      readers.push(reader)
    }
    call.delta('four')
    call.done()
    await one.end(turnId)
    const live = one.events(turnId)
    for (const [afterSeq, reader] of readers.entries()) {
      await reader.end(turnId)
      assertSame(reader.events(turnId), live, afterSeq)
    }
  })

  test('past the newest waits for what is later than that', async () => {
    const one = await connect()
    const { turnId, conversationId, call } = await heldTurn(one)
    call.delta('a')
    await one.event('text.delta', { turnId })
    const newest = one.events(turnId).at(-1).seq
    const two = await connect()
    await two.subscribe(conversationId, newest + 2)
    await tell(call, one, turnId, ['b', 'c', 'd', 'e'])
    call.done()
    await one.end(turnId)
    await two.end(turnId)
    assertSame(two.events(turnId), one.events(turnId), newest + 2)
  })

  test('ends with unsubscribe', async () => {
    const one = await connect()
    const two = await connect()
    const { turnId, conversationId, call } = await heldTurn(one)
    await two.subscribe(conversationId)
    await two.accepted({ type: 'conversation.unsubscribe', conversationId })
    const from = two.frames.items.length
    call.delta('unheard')
    call.done()
    await one.end(turnId)
    await two.settle()
    assert.deepEqual(two.events(null, from), [])
  })

  test('to the conversation of another user, or to none, is not_found', async () => {
    const anna = await connect()
    const { turnId, conversationId } = await anna.chat('mine')
    await anna.end(turnId)
    const bert = await connect(asBert())
    for (const id of [conversationId, 'cnv_00000000-0000-7000-8000-000000000000', 'nonsense', 'cnv_../..']) {
      await bert.refused({ type: 'conversation.subscribe', conversationId: id }, 'not_found')
    }
  })

  test('an id that another user has begins a conversation of one\'s own', async () => {
    const anna = await connect()
    const conversationId = 'cnv_e2e-shared-name'
    await anna.end((await anna.chat('from anna', { conversationId })).turnId)
    const bert = await connect(asBert())
    const accepted = await bert.chat('from bert', { conversationId })
    assert.equal(accepted.conversationId, conversationId)
    await bert.end(accepted.turnId)
    assert.ok(!JSON.stringify((await model.call(1)).body).includes('from anna'))
    assertContiguous(bert.events(), 0)
    await anna.settle()
    assert.ok(!JSON.stringify(anna.frames.items).includes('from bert'))
  })
})

describe('cancelling', () => {
  test('a streamed turn keeps its text and closes the model call', async () => {
    const client = await connect()
    const { turnId, conversationId, call } = await heldTurn(client)
    call.delta('so far')
    await client.event('text.delta', { turnId })
    await client.accepted({ type: 'chat.cancel', turnId })
    const { event } = await client.end(turnId)
    assert.equal(event.kind, 'turn.completed')
    assert.equal(event.finishReason, 'cancelled')
    assert.equal(event.text, 'so far')
    await within(call.closed, 'the close of the model call')
    const { messages } = (await server.get(`/api/conversations/${conversationId}`)).json
    assert.deepEqual(messages.map(one => one.status), ['cancelled', 'cancelled'])
  })

  test('a queued turn ends at once, without turn.started', async () => {
    const client = await connect()
    const running = await heldTurn(client)
    const { conversationId } = running
    const queued = await client.chat('never mind', { conversationId })
    await client.accepted({ type: 'chat.cancel', turnId: queued.turnId })
    const { event } = await client.end(queued.turnId)
    assert.equal(event.finishReason, 'cancelled')
    assert.equal(event.text, '')
    assert.ok(client.events(queued.turnId).every(one => one.event.kind !== 'turn.started'))
    running.call.delta('done')
    running.call.done()
    assert.equal((await client.end(running.turnId)).event.finishReason, 'stop')
    assertContiguous(client.events(), running.seq)
    assert.equal(model.count, 1)
  })

  test('a turn that has ended is a conflict', async () => {
    const client = await connect()
    const { turnId } = await client.chat('hello')
    await client.end(turnId)
    await client.refused({ type: 'chat.cancel', turnId }, 'conflict')
  })

  test('a turn of another user, or none, is not_found', async () => {
    const anna = await connect()
    const { turnId, call } = await heldTurn(anna)
    const bert = await connect(asBert())
    for (const id of [turnId, 'trn_00000000-0000-7000-8000-000000000000', 'nonsense']) {
      await bert.refused({ type: 'chat.cancel', turnId: id }, 'not_found')
    }
    call.delta('unharmed')
    call.done()
    assert.equal((await anna.end(turnId)).event.finishReason, 'stop')
  })
})

describe('a message while a turn runs', () => {
  test('is queued in order, up to five', async () => {
    const client = await connect()
    const running = await heldTurn(client)
    const { conversationId } = running
    const queued = []
    for (const message of ['a', 'b', 'c', 'd', 'e']) queued.push(await client.chat(message, { conversationId, onBusy: 'queue' }))
    await client.refused({ type: 'chat.send', message: 'one too many', conversationId }, 'rate_limited')
    running.call.delta('go on')
    running.call.done()
    for (const one of queued) await client.end(one.turnId)
    const started = client.events().filter(one => one.event.kind === 'turn.started').map(one => one.event.message)
    assert.deepEqual(started, ['hold on', 'a', 'b', 'c', 'd', 'e'])
    const ends = client.events().filter(endsTurn).map(one => one.turnId)
    assert.deepEqual(ends, [running.turnId, ...queued.map(one => one.turnId)])
    assertContiguous(client.events(), running.seq)
    await client.end((await client.chat('there is room again', { conversationId })).turnId)
  })

  test('with onBusy reject is a conflict, and taken when nothing runs', async () => {
    const client = await connect()
    const { turnId, conversationId, call } = await heldTurn(client)
    await client.refused({ type: 'chat.send', message: 'no', conversationId, onBusy: 'reject' }, 'conflict')
    call.delta('ok')
    call.done()
    await client.end(turnId)
    await client.end((await client.chat('yes', { conversationId, onBusy: 'reject' })).turnId)
    assert.equal(model.count, 2)
  })

  test('with onBusy interrupt cancels the running turn and goes before the queued ones', async () => {
    const client = await connect()
    const running = await heldTurn(client)
    const { conversationId } = running
    const queued = await client.chat('queued', { conversationId })
    const urgent = await client.chat('urgent', { conversationId, onBusy: 'interrupt' })
    assert.equal((await client.end(running.turnId)).event.finishReason, 'cancelled')
    await within(running.call.closed, 'the close of the model call')
    assert.equal((await client.end(urgent.turnId)).event.text, 'model says: urgent')
    assert.equal((await client.end(queued.turnId)).event.text, 'model says: queued')
    const started = client.events().filter(one => one.event.kind === 'turn.started').map(one => one.event.message)
    assert.deepEqual(started, ['hold on', 'urgent', 'queued'])
    assertContiguous(client.events(), running.seq)
  })
})

describe('an idempotencyKey', () => {
  test('repeated gets the same turn and runs nothing', async () => {
    const client = await connect()
    const frame = { conversationId: 'cnv_e2e-idempotent', idempotencyKey: 'key-1' }
    const first = await client.chat('once', frame)
    await client.end(first.turnId)
    const again = await client.chat('once', frame)
    assert.equal(again.turnId, first.turnId)
    assert.equal(again.conversationId, first.conversationId)
    const elsewhere = await connect()
    assert.equal((await elsewhere.chat('once', frame)).turnId, first.turnId)
    await elsewhere.settle()
    assert.equal(model.count, 1)
    const { messages } = (await server.get(`/api/conversations/${first.conversationId}`)).json
    assert.equal(messages.length, 2)
  })

  test('sent twice at once makes one turn', async () => {
    const one = await connect()
    const two = await connect()
    const frame = { conversationId: 'cnv_e2e-idempotent-race', idempotencyKey: 'key-2' }
    const both = await Promise.all([one.chat('race', frame), two.chat('race', frame)])
    assert.equal(both[0].turnId, both[1].turnId)
    await one.end(both[0].turnId)
    assert.equal(model.count, 1)
  })

  test('without a conversationId gets the same conversation again', async () => {
    const client = await connect()
    const first = await client.chat('once', { idempotencyKey: 'key-3' })
    const again = await client.chat('once', { idempotencyKey: 'key-3' })
    assert.equal(again.turnId, first.turnId)
    assert.equal(again.conversationId, first.conversationId)
    await client.end(first.turnId)
    assert.equal(model.count, 1)
  })

  test('with another message or conversation is a conflict', async () => {
    const client = await connect()
    const conversationId = 'cnv_e2e-idempotent-conflict'
    const idempotencyKey = 'key-4'
    const { turnId } = await client.chat('once', { conversationId, idempotencyKey })
    await client.end(turnId)
    await client.refused({ type: 'chat.send', message: 'twice', conversationId, idempotencyKey }, 'conflict')
    await client.refused({ type: 'chat.send', message: 'once', conversationId: 'cnv_e2e-elsewhere', idempotencyKey }, 'conflict')
    assert.equal(model.count, 1)
  })

  test('is the user\'s own', async () => {
    const frame = { conversationId: 'cnv_e2e-idempotent-users', idempotencyKey: 'key-5' }
    const anna = await connect()
    const bert = await connect(asBert())
    const ours = await anna.chat('once', frame)
    const theirs = await bert.chat('once', frame)
    assert.notEqual(ours.turnId, theirs.turnId)
    await Promise.all([anna.end(ours.turnId), bert.end(theirs.turnId)])
    assert.equal(model.count, 2)
  })
})

describe('a bad frame', () => {
  const send = extra => ({ type: 'chat.send', message: 'hi', ...extra })
  const subscribe = extra => ({ type: 'conversation.subscribe', conversationId: 'cnv_12345678', ...extra })
  const bad = [
    ['an unknown type', { type: 'chat.shout' }, '/type'],
    ['a type that is no string', { type: 7 }, '/type'],
    ['no type', { message: 'hi' }, '/type'],
    ['no message', { type: 'chat.send' }, '/message'],
    ['a message that is null', send({ message: null }), '/message'],
    ['a message that is a number', send({ message: 1 }), '/message'],
    ['an empty message', send({ message: '' }), '/message'],
    ['a message of 100,001 characters', send({ message: 'x'.repeat(100_001) }), '/message'],
    ['a message with U+0000', send({ message: 'a\u0000b' })],
    ['a conversationId that is a number', send({ conversationId: 1 }), '/conversationId'],
    ['a tone of 51 characters', send({ tone: 'x'.repeat(51) }), '/tone'],
    ['an unknown specialization', send({ specialization: 'gardening' }), '/specialization'],
    ['an unknown timezone', send({ timezone: 'Mars/Olympus' }), '/timezone'],
    ['an unknown onBusy', send({ onBusy: 'panic' }), '/onBusy'],
    ['an idempotencyKey of 101 characters', send({ idempotencyKey: 'x'.repeat(101) }), '/idempotencyKey'],
    ['an empty idempotencyKey', send({ idempotencyKey: '' }), '/idempotencyKey'],
    ['clientIntegrations that are a string', send({ clientIntegrations: 'gmail' }), '/clientIntegrations'],
    ['no turnId', { type: 'chat.cancel' }, '/turnId'],
    ['a turnId that is an array', { type: 'chat.cancel', turnId: [] }, '/turnId'],
    ['no conversationId', { type: 'conversation.subscribe' }, '/conversationId'],
    ['an afterSeq that is a string', subscribe({ afterSeq: '1' }), '/afterSeq'],
    ['an afterSeq below 0', subscribe({ afterSeq: -1 }), '/afterSeq'],
    ['an afterSeq with a fraction', subscribe({ afterSeq: 1.5 }), '/afterSeq'],
  ]
  const raw = [
    ['no JSON', 'hello'],
    ['half of JSON', '{"type":"ping"'],
    ['an empty text', ''],
    ['an array', '[]'],
    ['a string', '"ping"'],
    ['JSON nested 33 deep', `{"type":"ping","t":${'['.repeat(32)}${']'.repeat(32)}}`],
    ['JSON nested 400,000 deep', `{"type":"ping","t":${'['.repeat(400_000)}${']'.repeat(400_000)}}`],
    ['a lone surrogate', '{"type":"chat.send","message":"\\ud800"}'],
  ]

  test('gets invalid_request with the pointer, and the connection stays', async () => {
    const client = await connect()
    for (const [what, frame, pointer] of bad) {
      const error = await client.refused(frame, 'invalid_request')
      if (pointer) assert.equal(error.pointer, pointer, `${what}: ${JSON.stringify(error)}`)
    }
    for (const [what, text] of raw) {
      const from = client.frames.items.length
      client.send(text)
      const error = await client.frames.find(one => one.type === 'error', `an error for ${what}`, { from })
      assert.equal(error.code, 'invalid_request', what)
    }
    await client.settle()
    assert.equal(model.count, 0)
    await client.end((await client.chat('still here')).turnId)
  })

  test('does not hinder JSON nested 32 deep, nor unknown fields', async () => {
    const client = await connect()
    const t = JSON.parse(`${'['.repeat(31)}${']'.repeat(31)}`)
    const pong = await client.ask({ type: 'ping', t, unknown: { field: true } })
    assert.equal(pong.type, 'pong')
    assert.deepEqual(pong.t, t)
    await client.end((await client.chat('hi', { clientIntegrations: ['gmail', 'no-such'], later: 1 })).turnId)
  })

  const closing = [
    ['a binary frame', 1003, client => client.socket.send(Buffer.from('{"type":"ping"}'), { binary: true })],
    ['bad UTF-8', 1007, client => client.socket.send(Buffer.from([0x22, 0xc3, 0x28, 0x22]), { binary: false })],
    ['a message over 1 MiB', 1009, client => client.send(`{"type":"ping","t":"${'x'.repeat(1024 * 1024)}"}`)],
  ]
  for (const [what, code, send] of closing) {
    test(`${what} closes with ${code}`, async () => {
      const client = await connect()
      send(client)
      assert.equal((await within(client.closed, 'the close')).code, code)
      const next = await connect()
      await next.settle()
    })
  }

  test('a message of exactly 1 MiB is read', async () => {
    const client = await connect()
    const frame = '{"type":"ping","requestId":"big","t":""}'
    client.send(frame.replace('""', `"${'x'.repeat(1024 * 1024 - frame.length)}"`))
    const pong = await client.frames.find(one => one.type === 'pong', 'a pong')
    assert.equal(pong.t.length, 1024 * 1024 - frame.length)
  })
})

describe('an ending', () => {
  test('by logout closes the sockets of that token with 1008, and no others', async () => {
    const login = await server.post('/api/auth/login', { email: 'anna@example.com', password }, { token: '' })
    const { token } = login.json
    const client = await connect({ token })
    const other = await connect()
    const out = await server.post('/api/auth/logout', undefined, { token })
    assert.equal(out.status, 204, out.text)
    assert.equal((await within(client.closed, 'the close')).code, 1008)
    await other.settle()
  })

  test('by SIGTERM says closing, lets the running turn end, and exits 0', async () => {
    const own = await Server.start({ model: model.url })
    try {
      const client = await own.connect()
      clients.push(client)
      const { turnId, conversationId, call } = await heldTurn(client)
      call.delta('before ')
      await client.event('text.delta', { turnId })
      const stopped = own.stop()
      const closing = await client.frames.find(one => one.type === 'closing', 'a closing frame')
      assert.equal(typeof closing.reason, 'string')
      assert.equal(typeof closing.retryAfterMs, 'number')
      await client.refused({ type: 'chat.send', message: 'too late' }, 'unavailable')
      call.delta('after')
      call.done()
      const { event } = await client.end(turnId)
      assert.equal(event.text, 'before after')
      assert.equal(event.finishReason, 'stop')
      assert.equal((await within(client.closed, 'the close')).code, 1001)
      assert.deepEqual(await stopped, { code: 0, signal: null })
      await own.start()
      const { messages } = (await own.get(`/api/conversations/${conversationId}`)).json
      assert.deepEqual(messages.map(one => one.status), ['complete', 'complete'])
    } finally {
      await own.close()
    }
  })

  test('by a second SIGTERM exits 1 at once', async () => {
    const own = await Server.start({ model: model.url })
    try {
      const client = await own.connect()
      clients.push(client)
      await heldTurn(client)
      own.process.kill('SIGTERM')
      await client.frames.find(one => one.type === 'closing', 'a closing frame')
      own.process.kill('SIGTERM')
      assert.deepEqual(await within(own.ended, 'the end of the server', 10_000), { code: 1, signal: null })
    } finally {
      await own.close()
    }
  })
})
