/// `protocol.md`, Network and notifications: what is asked first, how it is answered, and that it happens once.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { assertProblem, copyOf, perin, Server, temporaryFolder, within } from './harness.mjs'
import { asksFor, ModelServer, says } from './model_server.mjs'

let model
let template
let server

const remember = asksFor([{ id: 'call_a', name: 'memory_remember', arguments: { key: 'colour', content: 'teal' } }])
const title = 'Remember colour: teal'

async function startServer(env = {}) {
  server = new Server({
    model: model.url, data: copyOf(template.data), env: { PERIN_RETRY_BASE_MS: '1', PERIN_TOOL_APPROVAL: 'memory_remember=always' },
  })
  server.users = template.users
  await server.start(env)
}

before(async () => {
  model = await ModelServer.start()
  template = new Server()
  await template.addUser('anna')
  await template.addUser('bert')
})

beforeEach(() => model.reset())

afterEach(async () => {
  await server?.close()
  server = undefined
})

after(async () => {
  await template?.close()
  await model?.close()
})

/// A turn that ends with a call that waits: its notification, and where it was asked.
async function asked(client) {
  model.next(remember, says('I wait for your yes.'))
  const { turnId, conversationId } = await client.chat('remember my colour')
  await client.end(turnId)
  const { items } = (await server.get('/api/notifications?status=open')).json
  assert.equal(items.length, 1)
  return { id: items[0].id, notification: items[0], turnId, conversationId }
}

const resolve = (id, action, options) => server.post(`/api/notifications/${id}/resolve`, { action }, options)
const memory = async () => (await server.get('/api/ai/memory')).json.memory

/// The turn that a decision began, to its end.
async function decidedTurn(client, message) {
  const started = await client.event('turn.started', { fits: one => one.message === message })
  await client.end(started.turnId)
  return client.events(started.turnId)
}

const resultsOf = events => events.filter(one => one.event.kind === 'tool.result').map(one => one.event)

describe('a call that has to be approved', () => {
  test('opens a notification that is listed and pushed, and does not run', async () => {
    await startServer()
    const client = await server.connect()
    const other = await server.connect({ token: server.users.bert.token })
    const { id, notification, turnId, conversationId } = await asked(client)
    const [result] = resultsOf(client.events(turnId))
    assert.equal(result.status, 'ok')
    assert.deepEqual(result.result, { status: 'awaiting_approval', notificationId: id, title })
    assert.deepEqual(Object.keys(notification).sort(),
      ['actions', 'createdAt', 'expiresAt', 'id', 'payload', 'status', 'title', 'type'])
    assert.match(id, /^ntf_[0-9a-f-]{36}$/)
    assert.equal(notification.type, 'tool_approval')
    assert.equal(notification.title, title)
    assert.deepEqual(notification.actions, ['approve', 'refuse'])
    assert.equal(notification.payload.conversationId, conversationId)
    assert.deepEqual(notification.payload.arguments, { key: 'colour', content: 'teal' })
    assert.equal(Date.parse(notification.expiresAt) - Date.parse(notification.payload.askedAt), 7 * 86_400_000)
    const pushed = await client.frames.find(one => one.type === 'notification', 'the notification')
    assert.deepEqual(pushed, { type: 'notification', notification })
    await other.settle()
    assert.ok(!other.frames.items.some(one => one.type === 'notification'))
    assert.deepEqual(await memory(), {})
    assert.deepEqual((await server.get('/api/notifications', { token: server.users.bert.token })).json, { items: [], nextCursor: null })
    await client.close()
    await other.close()
  })

  test('runs once it is approved by API, and its result is told in a new message', async () => {
    await startServer()
    const client = await server.connect()
    const { id, conversationId } = await asked(client)
    model.next(says('It is kept.'))
    const answer = await resolve(id, 'approve')
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.json.status, 'resolved')
    assert.equal(answer.json.id, id)
    const events = await decidedTurn(client, `Approved: ${title}`)
    assert.equal(events.at(-1).event.text, 'It is kept.')
    assert.equal(resultsOf(events)[0].result.created, true)
    assert.equal((await memory()).colour.content, 'teal')
    const pushed = await client.frames.find(
      one => one.type === 'notification' && one.notification.status === 'resolved', 'the resolved one')
    assert.equal(pushed.notification.id, id)
    const shown = (await server.get(`/api/conversations/${conversationId}`)).json
    assert.deepEqual(shown.messages.map(one => [one.role, one.content]), [
      ['user', 'remember my colour'], ['assistant', 'I wait for your yes.'],
      ['user', `Approved: ${title}`], ['assistant', 'It is kept.']])
    assertProblem(await resolve(id, 'approve'), 409, 'conflict')
    assertProblem(await resolve(id, 'refuse'), 409, 'conflict')
    assert.equal(model.count, 3)
    await client.close()
  })

  test('runs once it is approved over WebSocket', async () => {
    await startServer()
    const client = await server.connect()
    const { id } = await asked(client)
    model.next(says('It is kept.'))
    const frame = { type: 'notification.resolve', notificationId: id }
    assert.equal((await client.refused(frame, 'invalid_request')).pointer, '/action')
    assert.equal((await client.refused({ ...frame, action: 'snooze' }, 'invalid_request')).pointer, '/action')
    await client.refused({ ...frame, notificationId: 'ntf_nonsense', action: 'approve' }, 'not_found')
    await client.accepted({ ...frame, action: 'approve' })
    const events = await decidedTurn(client, `Approved: ${title}`)
    assert.equal(events.at(-1).event.text, 'It is kept.')
    assert.equal((await memory()).colour.content, 'teal')
    await client.refused({ ...frame, action: 'approve' }, 'conflict')
    await client.close()
  })

  test('runs once the user says yes in chat', async () => {
    await startServer()
    const client = await server.connect()
    const { id, conversationId } = await asked(client)
    model.next(
      asksFor([{ id: 'call_a', name: 'notifications_resolve', arguments: { notificationId: id, action: 'approve' } }]),
      says('resolved'), says('Thank you.'), says('It is kept.'))
    const { turnId } = await client.chat('Yes, please', { conversationId })
    await client.end(turnId)
    const stages = client.events(turnId).filter(one => one.event.kind === 'stage').map(one => `${one.event.name} ${one.event.status}`)
    for (const stage of ['LOAD_NOTIFICATIONS_CONTEXT done', 'NOTIFICATIONS_ACTION done', 'PLANNER done'])
      assert.ok(stages.includes(stage), stages.join())
    assert.equal(resultsOf(client.events(turnId))[0].result.status, 'resolved')
    await decidedTurn(client, `Approved: ${title}`)
    assert.equal((await memory()).colour.content, 'teal')
    await client.close()
  })

  test('is not approved by a model when the user has not said so', async () => {
    await startServer()
    const client = await server.connect()
    const { id, conversationId } = await asked(client)
    model.next(
      asksFor([{ id: 'call_a', name: 'notifications_resolve', arguments: { notificationId: id, action: 'approve' } }]),
      says('done'), says('It is yours to decide.'))
    const { turnId } = await client.chat('remember that I like tea', { conversationId })
    await client.end(turnId)
    const [result] = resultsOf(client.events(turnId))
    assert.equal(result.error.code, 'forbidden')
    assert.equal((await server.get('/api/notifications?status=open')).json.items.length, 1)
    assert.deepEqual(await memory(), {})
    await client.close()
  })

  test('is left where it is refused, and the conversation says so', async () => {
    await startServer()
    const client = await server.connect()
    const { id } = await asked(client)
    model.next(says('I left it.'))
    assert.equal((await resolve(id, 'refuse')).status, 200)
    const events = await decidedTurn(client, `Refused: ${title}`)
    assert.deepEqual(resultsOf(events)[0].error, { code: 'forbidden', message: 'the user refused it' })
    assert.equal(events.at(-1).event.text, 'I left it.')
    assert.deepEqual(await memory(), {})
    await client.close()
  })

  test('belongs to its user alone', async () => {
    await startServer()
    const client = await server.connect()
    const { id } = await asked(client)
    const bert = { token: server.users.bert.token }
    assertProblem(await resolve(id, 'approve', bert), 404, 'not_found')
    assertProblem(await resolve('ntf_nonsense', 'approve'), 404, 'not_found')
    assertProblem(await resolve('ntf_00000000-0000-7000-8000-000000000000', 'approve'), 404, 'not_found')
    assertProblem(await resolve(id, 'approve', { token: '' }), 401, 'unauthenticated')
    assertProblem(await resolve(id, 'postpone'), 400, 'invalid_request', { pointer: '/action' })
    assertProblem(await server.post(`/api/notifications/${id}/resolve`, {}), 400, 'invalid_request', { pointer: '/action' })
    assertProblem(await server.get('/api/notifications?status=closed'), 400, 'invalid_request', { parameter: 'status' })
    assertProblem(await server.get('/api/notifications?limit=0'), 400, 'invalid_request', { parameter: 'limit' })
    assertProblem(await server.get('/api/notifications?cursor=x'), 400, 'invalid_request', { parameter: 'cursor' })
    assert.equal((await server.get('/api/notifications?status=open')).json.items.length, 1)
    await client.close()
  })
})

describe('kill -9', () => {
  for (const point of ['approval.decided', 'approval.sent', 'tool.after_effect', 'store.after_commit:1', 'store.before_commit:2', 'store.after_commit:2', 'store.after_commit:3']) {
    test(`at ${point} after the decision: the call runs once`, async () => {
      await startServer()
      const first = await server.connect()
      const { id, conversationId } = await asked(first)
      await first.close()
      await server.restart({ PERIN_CRASH_AT: point })
      model.reset()
      const answer = await resolve(id, 'approve').catch(() => undefined)
      // A restart's own commits may come before the decision's.
      await within(server.ended, `the crash at ${point}`)
      await server.restart()
      if (!answer) {
        const again = await resolve(id, 'approve')
        assert.ok([200, 409].includes(again.status), again.text)
      }
      const client = await server.connect()
      await client.subscribe(conversationId)
      const events = await decidedTurn(client, `Approved: ${title}`)
      assert.equal(events.at(-1).event.kind, 'turn.completed')
      assert.equal((await memory()).colour.content, 'teal')
      await client.settle()
      const turns = client.events().filter(one => one.event.kind === 'turn.started')
      assert.deepEqual(turns.map(one => one.event.message), ['remember my colour', `Approved: ${title}`])
      await client.close()
    })
  }
})

describe('the setting tool_approval', () => {
  for (const [value, told] of [['no_such_tool=always', 'no_such_tool'], ['memory_forget=sometimes', 'memory_forget=sometimes'], ['memory_forget', 'memory_forget']]) {
    test(`${value} is refused at the start with its name`, async () => {
      const data = temporaryFolder()
      const env = { PERIN_TOOL_APPROVAL: value, PERIN_LISTEN: '127.0.0.1:0', PERIN_ADMIN_LISTEN: '127.0.0.1:0' }
      const ended = await perin(data, ['serve'], { env })
      assert.equal(ended.code, 2, ended.stderr)
      assert.ok(ended.stderr.includes(told), ended.stderr)
      assert.equal((await perin(data, ['config', 'check'], { env })).code, 2)
    })
  }

  test('is shown by config show', async () => {
    const shown = await perin(temporaryFolder(), ['config', 'show'], { env: { PERIN_TOOL_APPROVAL: 'memory_forget=always,memory_remember=never' } })
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(shown.stdout, /memory_forget=always,memory_remember=never/)
  })
})
