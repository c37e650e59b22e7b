/// Without a model service: the built-in assistant, and `perin chat`.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { chatBody, perin, Server, temporaryFolder } from './harness.mjs'
import { fails, ModelServer } from './model_server.mjs'

let server

before(async () => {
  server = await Server.start()
})

after(() => server?.close())

/// One turn of the offline assistant; its text.
async function say(message, extra = {}) {
  const client = await server.connect()
  try {
    const { turnId } = await client.chat(message, extra)
    const { event } = await client.end(turnId)
    assert.equal(event.kind, 'turn.completed', JSON.stringify(event))
    assert.equal(event.finishReason, 'stop')
    assert.ok(event.text.trim(), 'it says something')
    const notices = client.events(turnId).filter(one => one.event.kind === 'notice').map(one => one.event.code)
    assert.deepEqual(notices, ['offline'])
    return event.text
  } finally {
    await client.close()
  }
}

describe('the offline assistant', () => {
  test('is told by health', async () => {
    assert.equal((await server.get('/api/health')).json.checks.llm, 'offline')
  })

  test('answers a hello', async () => {
    assert.match(await say('hello'), /hello|hi|good|welcome/i)
  })

  test('remembers what it is asked to, and tells it', async () => {
    const told = await say('remember that my favourite colour is teal')
    assert.match(told, /teal|colour|noted|remember/i)
    const { memory } = (await server.get('/api/ai/memory')).json
    assert.ok(Object.values(memory).some(one => /teal/.test(`${one.key} ${one.content}`)), JSON.stringify(memory))
    assert.match(await say('what do you know about my favourite colour?'), /teal/)
  })

  test('forgets what it is asked to', async () => {
    await say('remember that my locker is number 4711')
    await say('forget my locker')
    const { memory } = (await server.get('/api/ai/memory')).json
    assert.ok(Object.values(memory).every(one => !/4711/.test(one.content)), JSON.stringify(memory))
  })

  test('does not know what it was not told', async () => {
    assert.doesNotMatch(await say('what do you know about my shoe size?'), /\d/)
  })

  test('says what it is', async () => {
    assert.match(await say('who are you?'), /offline/i)
  })

  test('bears the name that the client gives it', async () => {
    assert.match(await say('who are you?', { perinName: 'Jeeves' }), /Jeeves/)
  })

  const weekday = (at, timeZone) => at.toLocaleDateString('en-US', { weekday: 'long', timeZone })

  test('knows the day in the zone of the caller', async () => {
    for (const timezone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
      const earlier = weekday(new Date(), timezone)
      const text = await say('what day is it today?', { timezone })
      const days = [earlier, weekday(new Date(), timezone)]
      assert.ok(days.some(day => text.includes(day)), `${text} names ${days}`)
    }
  })

  test('knows what day tomorrow is', async () => {
    const tomorrow = () => weekday(new Date(Date.now() + 86_400_000), 'UTC')
    const earlier = tomorrow()
    const text = await say('what day is tomorrow?', { timezone: 'UTC' })
    assert.ok([earlier, tomorrow()].some(day => text.includes(day)), text)
  })

  test('knows the time', async () => {
    const minutes = () => new Date().toISOString().slice(11, 16)
    const earlier = minutes()
    const text = await say('what time is it?', { timezone: 'UTC' })
    assert.ok([earlier, minutes()].some(time => text.includes(time)), `${text} names ${earlier}`)
  })
})

describe('perin chat', () => {
  const bare = text => assert.doesNotMatch(text, /\[\[PERIN_/)

  test('-m prints the text alone', async () => {
    const done = await perin(server.data, ['chat', '-m', 'who are you?'])
    assert.equal(done.code, 0, done.stderr)
    assert.match(done.stdout, /offline/i)
    bare(done.stdout)
    const conversations = (await server.get('/api/conversations?limit=1')).json.items
    const { messages } = (await server.get(`/api/conversations/${conversations[0].id}`)).json
    assert.equal(done.stdout.trim(), messages.at(-1).content.trim())
  })

  test('goes on with a conversation, and with --url and --token', async () => {
    const conversation = 'cnv_e2e-shell-chat'
    const local = await perin(server.data, ['chat', '-m', 'hello', '--conversation', conversation])
    assert.equal(local.code, 0, local.stderr)
    const remote = await perin(temporaryFolder(), ['chat', '-m', 'who are you?', '--conversation', conversation, '--url', server.url, '--token', server.token])
    assert.equal(remote.code, 0, remote.stderr)
    assert.match(remote.stdout, /offline/i)
    const { messages } = (await server.get(`/api/conversations/${conversation}`)).json
    assert.deepEqual(messages.filter(one => one.role === 'user').map(one => one.content), ['hello', 'who are you?'])
  })

  test('takes --user where there are several, and is bad usage without', async () => {
    const own = await Server.start({ users: ['anna', 'bert'] })
    try {
      assert.notEqual((await perin(own.data, ['chat', '-m', 'hello'])).code, 0)
      const done = await perin(own.data, ['chat', '-m', 'hello', '--user', 'bert@example.com'])
      assert.equal(done.code, 0, done.stderr)
      assert.equal((await own.get('/api/conversations', { token: own.users.bert.token })).json.items.length, 1)
      assert.equal((await own.get('/api/conversations')).json.items.length, 0)
      assert.equal((await perin(own.data, ['chat', '-m', 'hello', '--user', 'nobody@example.com'])).code, 1)
    } finally {
      await own.close()
    }
  })

  test('exits 3 where no server runs, and prints nothing to standard output', async () => {
    const never = await perin(temporaryFolder(), ['chat', '-m', 'hello'])
    assert.equal(never.code, 3, never.stderr)
    assert.equal(never.stdout, '')
    const own = await Server.start()
    try {
      await own.crash()
      const gone = await perin(own.data, ['chat', '-m', 'hello'])
      assert.equal(gone.code, 3, gone.stderr)
      const elsewhere = await perin(own.data, ['chat', '-m', 'hello', '--url', own.url, '--token', own.token])
      assert.equal(elsewhere.code, 3, elsewhere.stderr)
    } finally {
      await own.close()
    }
  })

  test('exits 4 where the token is refused, and 2 on bad usage', async () => {
    const refused = await perin(server.data, ['chat', '-m', 'hello', '--url', server.url, '--token', 'prt_wrong'])
    assert.equal(refused.code, 4, refused.stderr)
    assert.equal(refused.stdout, '')
    assert.equal((await perin(server.data, ['chat', '--no-such-option'])).code, 2)
    assert.equal((await perin(server.data, ['no-such-command'])).code, 2)
  })

  test('exits 1 where the turn failed, with tokens of the model kept out', async () => {
    const model = await ModelServer.start()
    const own = await Server.start({ model: model.url, env: { PERIN_RETRY_BASE_MS: '1' } })
    try {
      const fine = await perin(own.data, ['chat', '-m', 'hello there'])
      assert.equal(fine.code, 0, fine.stderr)
      assert.equal(fine.stdout.trim(), 'model says: hello there')
      model.otherwise = fails(400, { message: 'no', type: 'invalid_request_error', param: null, code: null })
      const failed = await perin(own.data, ['chat', '-m', 'hello'])
      assert.equal(failed.code, 1, failed.stderr)
      bare(failed.stdout)
    } finally {
      await own.close()
      await model.close()
    }
  })
})

describe('the commands beside', () => {
  test('add, list and remove users, and refuse one that exists', async () => {
    const input = 'a long password\n'
    assert.equal((await perin(server.data, ['user', 'add', 'eve@example.com'], { input })).code, 0)
    assert.equal((await perin(server.data, ['user', 'add', 'eve@example.com'], { input })).code, 1)
    assert.equal((await perin(server.data, ['user', 'add', 'short@example.com'], { input: 'short\n' })).code, 2)
    const listed = await perin(server.data, ['user', 'list', '--json'])
    assert.equal(listed.code, 0)
    assert.match(listed.stdout, /eve@example\.com/)
    const login = await server.post('/api/auth/login', { email: 'eve@example.com', password: 'a long password' }, { token: '' })
    assert.equal(login.status, 200, login.text)
    assert.equal((await perin(server.data, ['user', 'remove', 'eve@example.com', '--yes'])).code, 0)
    assert.equal((await server.get('/api/auth/me', { token: login.json.token })).status, 401)
    assert.equal((await perin(server.data, ['token', 'create', 'eve@example.com'])).code, 1)
  })

  test('the server refuses what it does not know with exit 2, and a port in use with 1', async () => {
    const run = env => perin(temporaryFolder(), ['serve'], { env: { PERIN_LISTEN: '127.0.0.1:0', PERIN_ADMIN_LISTEN: '127.0.0.1:0', ...env } })
    for (const env of [{ PERIN_NO_SUCH: '1' }, { PERIN_MODEL_FIRST_S: 'soon' }, { PERIN_LISTEN: '0.0.0.0:0', PERIN_LIMITS: 'off' }]) {
      const done = await run(env)
      assert.equal(done.code, 2, done.stderr)
      assert.equal(done.stdout, '')
      assert.match(done.stderr, new RegExp(Object.keys(env).at(-1)))
    }
    assert.equal((await run({ PERIN_LISTEN: `127.0.0.1:${server.port}` })).code, 1)
  })

  test('API tokens end with revocation', async () => {
    const created = await perin(server.data, ['token', 'create', 'anna@example.com', '--label', 'e2e'])
    const token = created.stdout.trim()
    assert.equal((await server.post('/api/ai/chat', chatBody('hello'), { token })).status, 200)
    assert.equal((await server.post('/api/auth/logout', undefined, { token })).status, 204)
    assert.equal((await server.get('/api/auth/me', { token })).status, 401)
  })
})
