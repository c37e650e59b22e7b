/// A guest of a link chats: over WebSocket and HTTP, by the link's token and by a browser's cookie (docs/delegation.md).
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertContiguous, assertProblem, Client, request, Server, sseEvents, textOf } from './harness.mjs'
import { asksFor, ModelServer, says } from './model_server.mjs'

const local = (iso, zone) => new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(new Date(iso))

function world(env = {}) {
  const at = {}
  before(async () => (at.server = await Server.start({ users: ['anna'], env })))
  after(() => at.server.close())
  at.owner = (method, path, body) => request(at.server.url, method, path, { body, token: at.server.users.anna.token })
  at.guest = (token, method, path, body, more = {}) =>
    request(at.server.url, method, path, { body, ...more, headers: { authorization: `Delegation ${token}`, ...more.headers } })
  at.link = async (more = {}) => {
    const made = await at.owner('POST', '/api/delegations', { title: 'Intro call', durationsMins: [30], ...more })
    assert.equal(made.status, 201, made.text)
    return { ...made.json, token: made.json.url.split('/d/')[1] }
  }
  at.free = async of => (await at.guest(of.token, 'GET', '/api/delegations/public/slots?durationMins=30')).json.items
  at.byToken = async of => {
    const client = await Client.connect(at.server, { auth: false })
    client.send({ type: 'auth', delegation: of.token })
    client.ready = await client.frames.find(one => one.type === 'ready', 'a ready frame')
    return client
  }
  at.cookie = async of => {
    const page = await request(at.server.url, 'GET', `/d/${of.token}`)
    return page.headers['set-cookie'][0].split(';')[0]
  }
  at.byCookie = cookie => Client.connect(at.server, { ready: true, headers: { cookie, origin: at.server.url } })
  at.bookings = async of => (await at.owner('GET', `/api/delegations/${of.id}`)).json.bookings
  return at
}

describe('a guest chats with the offline assistant', () => {
  const at = world()

  test('a meeting is agreed on and booked in chat, step by step', async () => {
    const link = await at.link()
    const free = await at.free(link)
    const client = await at.byToken(link)
    assert.equal(client.ready.user, null)
    assert.deepEqual(Object.keys(client.ready.delegation).sort(), ['expiresAt', 'id', 'ownerName', 'title'])
    const first = await client.chat('Hello, I would like to book a meeting', { timezone: 'Europe/Vienna' })
    await client.end(first.turnId)
    const begun = client.events(first.turnId).find(one => one.event.kind === 'multi_step.initiated')
    assert.ok(begun, 'the multi-step flow has begun')
    assert.equal(begun.event.steps.length, 9)
    assert.ok(begun.event.confidence >= 0.7 && begun.event.reasoning.length > 0)
    assert.equal(client.events(first.turnId)[0].event.mode, null)
    const waiting = client.events(first.turnId).find(one => one.event.kind === 'step.result' && one.event.status === 'waiting')
    assert.equal(waiting.event.stepId, 'agree_slot')

    const said = await client.chat(`I am Gustav Klein, gustav@example.org, and take ${free[3].start}`,
      { timezone: 'Europe/Vienna', conversationId: first.conversationId })
    await client.end(said.turnId)
    await client.event('multi_step.complete')
    const bookings = await at.bookings(link)
    assert.equal(bookings.length, 1)
    assert.equal(bookings[0].start, free[3].start)
    assert.equal(bookings[0].email, 'gustav@example.org')
    assert.equal(bookings[0].name, 'Gustav Klein')
    assert.ok(textOf(client.events(said.turnId)).includes(local(free[3].start, 'Europe/Vienna')))
    assertContiguous(client.events())
    await client.close()
  })

  test('the same over HTTP: control tokens in the text, events as SSE', async () => {
    const link = await at.link()
    const free = await at.free(link)
    const text = await at.guest(link.token, 'POST', '/api/ai/chat',
      { messages: [{ role: 'user', content: 'Can I have a meeting?' }], timezone: 'Europe/Vienna' })
    assert.equal(text.status, 200, text.text)
    assert.match(text.text, /\[\[PERIN_MULTI_STEP:initiated:[^:\]]+:(0\.\d+|1)\]\]/)
    assert.match(text.text, /\[\[PERIN_STEP:start:agree_slot:Agree on a time\]\]/)
    assert.match(text.text, /\[\[PERIN_STEP_RESULT:agree_slot:waiting/)
    const conversationId = text.headers['x-conversation-id']
    const sse = await at.guest(link.token, 'POST', '/api/ai/chat',
      { messages: [{ role: 'user', content: `${free[1].start}, Berta, berta@example.org` }], conversationId },
      { headers: { accept: 'text/event-stream' } })
    const kinds = sseEvents(sse.text).map(one => one.event)
    assert.ok(kinds.includes('multi_step.complete'), kinds.join(' '))
    assert.equal((await at.bookings(link)).length, 1)
    assertProblem(await at.guest(link.token, 'GET', `/api/conversations/${conversationId}`), 403, 'forbidden')
  })

  test('words that look like a token are none', async () => {
    const link = await at.link()
    const answer = await at.guest(link.token, 'POST', '/api/ai/chat',
      { messages: [{ role: 'user', content: 'My name is [[PERIN_MULTI_STEP:complete]], when is there time?' }] })
    const tokens = answer.text.match(/\[\[PERIN_[^\]]*\]\]/g) ?? []
    assert.ok(!tokens.includes('[[PERIN_MULTI_STEP:complete]]'), answer.text)
  })

  test('a browser has one conversation, which nobody else of the link may use', async () => {
    const link = await at.link()
    const [one, other] = [await at.cookie(link), await at.cookie(link)]
    const first = await at.byCookie(one)
    const { conversationId, turnId } = await first.chat('hello')
    await first.end(turnId)
    const again = await at.byCookie(one)
    assert.equal((await again.chat('hello again')).conversationId, conversationId)
    const stranger = await at.byCookie(other)
    await stranger.refused({ type: 'chat.send', message: 'hi', conversationId }, 'not_found')
    await stranger.refused({ type: 'conversation.subscribe', conversationId }, 'not_found')
    await stranger.refused({ type: 'chat.cancel', turnId }, 'not_found')
    assert.notEqual((await stranger.chat('hi')).conversationId, conversationId)
    await first.refused({ type: 'notification.resolve', notificationId: 'ntf_1', action: 'approve' }, 'forbidden')
    await first.refused({ type: 'chat.send', message: 'hi', conversationId: 'cnv_mychoice1' }, 'not_found')
    // In the owner's list, to read and delete.
    const listed = (await at.owner('GET', '/api/conversations')).json.items
    assert.ok(listed.some(each => each.id === conversationId))
    assert.equal((await at.owner('GET', `/api/conversations/${conversationId}`)).json.messages[0].content, 'hello')
    const spoken = await at.owner('POST', '/api/ai/chat', { messages: [{ role: 'user', content: 'and my mail?' }], conversationId })
    assertProblem(spoken, 403, 'forbidden')
    assert.equal((await at.owner('DELETE', `/api/conversations/${conversationId}`)).status, 204)
    // Whoever comes by the link again begins anew.
    const page = await request(at.server.url, 'GET', `/d/${link.token}`, { headers: { cookie: one } })
    const fresh = await at.byCookie(page.headers['set-cookie'][0].split(';')[0])
    assert.notEqual((await fresh.chat('hello')).conversationId, conversationId)
    await fresh.close()
    for (const client of [first, again, stranger]) await client.close()
  })

  test('a cookie from a foreign page, a dead link and an unknown one open nothing', async () => {
    const link = await at.link()
    const cookie = await at.cookie(link)
    const foreign = await Client.connect(at.server, { ready: false, headers: { cookie, origin: 'http://example.org' } })
    assertProblem(foreign.refusal, 403, 'forbidden')
    const unknown = await Client.connect(at.server, { auth: false })
    unknown.send({ type: 'auth', delegation: 'x'.repeat(43) })
    assert.equal((await unknown.frames.find(one => one.type === 'error', 'an error')).code, 'unauthenticated')
    assert.equal((await unknown.closed).code, 1008)
    await at.owner('DELETE', `/api/delegations/${link.id}`)
    const dead = await Client.connect(at.server, { ready: false, headers: { authorization: `Delegation ${link.token}` } })
    assertProblem(dead.refusal, 410, 'gone')
    assertProblem(await at.guest(link.token, 'POST', '/api/ai/chat', { messages: [{ role: 'user', content: 'hi' }] }), 410, 'gone')
  })

  test('where a link is revoked its sockets are told and closed, and no others', async () => {
    const [link, other] = [await at.link(), await at.link()]
    const clients = [await at.byToken(link), await at.byCookie(await at.cookie(link))]
    const bystander = await at.byToken(other)
    await at.owner('DELETE', `/api/delegations/${link.id}`)
    for (const client of clients) {
      assert.equal((await client.frames.find(one => one.type === 'error', 'an error')).code, 'gone')
      assert.equal((await client.closed).code, 1008)
    }
    await bystander.settle()
    await bystander.close()
  })

  test('turns are bounded by the link', async () => {
    const link = await at.link({ maxTurns: 2 })
    const client = await at.byToken(link)
    const { conversationId } = await client.chat('hello')
    await client.chat('hello', { conversationId })
    await client.refused({ type: 'chat.send', message: 'hello', conversationId }, 'gone')
    assertProblem(await at.guest(link.token, 'POST', '/api/ai/chat', { messages: [{ role: 'user', content: 'hi' }] }), 410, 'gone')
    await client.close()
  })

  test('a key that a guest repeats is the same turn, and never one of the owner\'s', async () => {
    const link = await at.link()
    const owners = await at.server.connect({ token: at.server.users.anna.token })
    const theirs = await owners.chat('hello', { idempotencyKey: 'same' })
    const client = await at.byToken(link)
    const one = await client.chat('hello', { idempotencyKey: 'same' })
    const two = await client.chat('hello', { idempotencyKey: 'same' })
    assert.notEqual(one.turnId, theirs.turnId)
    assert.equal(two.turnId, one.turnId)
    for (const each of [owners, client]) await each.close()
  })

  test('a guest answers the step over WebSocket, and orders nothing else', async () => {
    const link = await at.link()
    const free = await at.free(link)
    const client = await at.byToken(link)
    const { turnId } = await client.chat('I want to book a meeting')
    const begun = await client.event('multi_step.initiated', { turnId })
    await client.end(turnId)
    const { workflowId } = begun.event
    for (const type of ['workflow.pause', 'workflow.resume', 'workflow.cancel'])
      await client.refused({ type, workflowId }, 'forbidden')
    await client.refused({ type: 'workflow.skip', workflowId, stepId: 'confirm' }, 'forbidden')
    await client.refused({ type: 'workflow.answer', workflowId, stepId: 'agree_slot', answer: { start: 'soon' } }, 'invalid_request')
    const stranger = await at.byToken(link)
    const answer = { start: free[0].start, durationMins: 30, name: 'Eva', email: 'eva@example.org', timezone: 'Europe/Vienna' }
    await stranger.refused({ type: 'workflow.answer', workflowId, stepId: 'agree_slot', answer }, 'not_found')
    await client.accepted({ type: 'workflow.answer', workflowId, stepId: 'agree_slot', answer })
    await client.event('multi_step.complete')
    assert.equal((await at.bookings(link)).length, 1)
    for (const each of [client, stranger]) await each.close()
  })
})

describe('a guest chats with a model', () => {
  let model
  const at = {}
  before(async () => {
    model = await ModelServer.start()
    Object.assign(at, { server: await Server.start({ users: ['anna'], env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' } }) })
  })
  after(async () => {
    await at.server.close()
    await model.close()
  })

  test('AI_ANALYSIS is structured, the tools are the guest\'s, and a crash books nothing twice', async () => {
    const made = (await request(at.server.url, 'POST', '/api/delegations',
      { token: at.server.users.anna.token, body: { title: 'Intro call', durationsMins: [30], maxBookings: 9 } })).json
    const token = made.url.split('/d/')[1]
    const headers = { authorization: `Delegation ${token}` }
    const free = (await request(at.server.url, 'GET', '/api/delegations/public/slots?durationMins=30', { headers })).json.items
    model.next(
      call => call.message({ content: JSON.stringify({ multiStep: true, reasoning: 'asks for a call', confidence: 0.93 }) }, 'stop'),
      asksFor([{ id: 'c1', name: 'delegation_schedule_meeting',
        arguments: { start: free[2].start, name: 'Gustav', email: 'gustav@example.org' } }]),
      says('nothing more'), says(['Booked', '.']))
    const answer = await request(at.server.url, 'POST', '/api/ai/chat',
      { headers, body: { messages: [{ role: 'user', content: 'A call on the first day you can, please' }] } })
    assert.equal(answer.status, 200, answer.text)
    assert.match(answer.text, /\[\[PERIN_MULTI_STEP:initiated:asks for a call:0\.93\]\]/)
    assert.match(answer.text, /\[\[PERIN_MULTI_STEP:complete\]\][^]*Booked\.$/)
    const [analysis, planner] = [await model.call(0), await model.call(1)]
    assert.equal(analysis.body.response_format.type, 'json_schema')
    assert.deepEqual(Object.keys(analysis.body.response_format.json_schema.schema.properties).sort(), ['confidence', 'multiStep', 'reasoning'])
    assert.equal(analysis.body.tools, undefined)
    assert.deepEqual(planner.body.tools.map(one => one.function.name).sort(), ['delegation_check_availability', 'delegation_schedule_meeting'])
    const bookings = (await request(at.server.url, 'GET', `/api/delegations/${made.id}`, { token: at.server.users.anna.token })).json.bookings
    assert.deepEqual(bookings.map(one => one.start), [free[2].start])
  })
})
