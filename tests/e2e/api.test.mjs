/// `protocol.md`: Errors, Lists, Headers and limits, Who is calling, Memory, Classification, Conversations, Operations.
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { assertProblem, chatBody, open, password, request, Server, sseEvents, within } from './harness.mjs'
import { held } from './model_server.mjs'
import { sharedServer } from './shared_server.mjs'

let model
let server
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

sharedServer(made => ({ model, server } = made))

const login = (email, secret, options) =>
  server.post('/api/auth/login', { email, password: secret }, { token: '', ...options })
const asBert = () => ({ token: server.users.bert.token })

describe('signing in', () => {
  test('gives a token, its end, the user and the cookie', async () => {
    const answer = await login('anna@example.com', password)
    assert.equal(answer.status, 200, answer.text)
    const { token, expiresAt, user } = answer.json
    assert.match(expiresAt, time)
    const days = (Date.parse(expiresAt) - Date.now()) / 86_400_000
    assert.ok(days > 29 && days < 31, expiresAt)
    assert.equal(user.email, 'anna@example.com')
    const [cookie] = answer.headers['set-cookie']
    assert.ok(cookie.startsWith(`perin_session=${token};`), cookie)
    assert.match(cookie, /; ?HttpOnly/i)
    assert.match(cookie, /; ?SameSite=Lax/i)
    assert.doesNotMatch(cookie, /; ?Secure/i)
    const me = await server.get('/api/auth/me', { token })
    assert.equal(me.status, 200)
    assert.deepEqual(Object.keys(me.json).sort(), ['admin', 'email', 'id', 'name', 'timezone'])
    assert.deepEqual({ ...me.json, id: '' }, { id: '', email: 'anna@example.com', name: 'anna', timezone: me.json.timezone, admin: false })
    assert.match(me.json.id, /^usr_/)
  })

  test('with a wrong password, or as nobody, is the same 401', async () => {
    const wrong = await login('anna@example.com', 'not my password')
    const nobody = await login('nobody@example.com', password)
    const one = assertProblem(wrong, 401, 'unauthenticated')
    const other = assertProblem(nobody, 401, 'unauthenticated')
    assert.equal(one.detail, other.detail)
    assert.equal(wrong.headers['set-cookie'], undefined)
  })

  test('with a body of the wrong form is invalid_request', async () => {
    const post = body => server.post('/api/auth/login', body, { token: '' })
    assertProblem(await post({ password }), 400, 'invalid_request', { pointer: '/email' })
    assertProblem(await post({ email: 'anna@example.com' }), 400, 'invalid_request', { pointer: '/password' })
    assertProblem(await post({ email: 1, password }), 400, 'invalid_request', { pointer: '/email' })
  })

  test('ends with logout: the token is dead, others live on', async () => {
    const { token } = (await login('anna@example.com', password)).json
    assert.equal((await server.post('/api/auth/logout', undefined, { token })).status, 204)
    assertProblem(await server.get('/api/auth/me', { token }), 401, 'unauthenticated')
    assert.equal((await server.get('/api/auth/me')).status, 200)
  })

  test('ends with logout: the token opens nothing any more, and what it had opened ends', async () => {
    const { token } = (await login('anna@example.com', password)).json
    const conversationId = 'cnv_e2e-after-logout'
    assert.equal((await server.post('/api/ai/chat', chatBody('hello', { conversationId }), { token })).status, 200)
    const events = await open(server.url, 'GET', `/api/conversations/${conversationId}/events`, { token })
    await events.until('turn.completed')

    assert.equal((await server.post('/api/auth/logout', undefined, { token })).status, 204)
    // Cut off in the middle: no last chunk says that this was all.
    await assert.rejects(events.whole(), /the body ended as it should/)

    const calls = [['POST', '/api/auth/logout'], ['GET', '/api/conversations'], ['GET', '/api/ai/memory'],
      ['POST', '/api/ai/memory', { key: 'k', content: 'c' }], ['POST', '/api/ai/chat', chatBody('still me')],
      ['GET', `/api/conversations/${conversationId}/events`], ['DELETE', `/api/conversations/${conversationId}`]]
    for (const [method, path, body] of calls)
      assertProblem(await server.request(method, path, { token, body }), 401, 'unauthenticated')
    const Cookie = `perin_session=${token}`
    assertProblem(await server.get('/api/auth/me', { token: '', headers: { Cookie } }), 401, 'unauthenticated')
    const upgrade = await server.connect({ token, ready: false })
    assertProblem(upgrade.refusal, 401, 'unauthenticated')
    const frame = await server.connect({ auth: false })
    await frame.refused({ type: 'auth', token }, 'unauthenticated')
    assert.equal((await within(frame.closed, 'the close')).code, 1008)
    assert.equal(model.count, 1)
  })

  test('by the cookie changes nothing for a foreign page', async () => {
    const Cookie = (await login('anna@example.com', password)).headers['set-cookie'][0].split(';')[0]
    const post = headers => server.post('/api/ai/memory', { key: 'cookie', content: 'x' }, { token: '', headers: { Cookie, ...headers } })
    assert.equal((await server.get('/api/auth/me', { token: '', headers: { Cookie } })).status, 200)
    assertProblem(await post({}), 403, 'forbidden')
    assertProblem(await post({ Origin: 'http://evil.example' }), 403, 'forbidden')
    assertProblem(await post({ Origin: 'null' }), 403, 'forbidden')
    assertProblem(await post({ 'Sec-Fetch-Site': 'cross-site' }), 403, 'forbidden')
    assert.equal((await post({ Origin: server.url })).status, 201)
    assert.equal((await post({ 'Sec-Fetch-Site': 'same-origin' })).status, 200)
  })

  test('is asked for by a header that goes before the cookie', async () => {
    const Cookie = (await login('anna@example.com', password)).headers['set-cookie'][0].split(';')[0]
    const me = await server.get('/api/auth/me', { ...asBert(), headers: { Cookie } })
    assert.equal(me.json.email, 'bert@example.com')
    assertProblem(await server.get('/api/auth/me', { token: 'prt_wrong', headers: { Cookie } }), 401, 'unauthenticated')
  })
})

describe('memory', () => {
  const put = (entry, options) => server.post('/api/ai/memory', entry, options)
  const read = (query = '', options) => server.get(`/api/ai/memory${query}`, options)
  beforeEach(async () => {
    assert.equal((await server.delete('/api/ai/memory?all=true')).status, 200)
  })

  test('is written with 201, and replaced whole with 200', async () => {
    const first = await put({ key: 'tea', content: 'likes tea', type: 'preference', context: 'breakfast', importance: 0.8 })
    assert.equal(first.status, 201, first.text)
    assert.deepEqual({ ...first.json, timestamp: '' }, {
      key: 'tea', content: 'likes tea', type: 'preference', context: 'breakfast', importance: 0.8, timestamp: '', useCount: 0 })
    assert.match(first.json.timestamp, time)
    const second = await put({ key: 'tea', content: 'likes coffee' })
    assert.equal(second.status, 200)
    assert.equal(second.json.type, 'fact')
    assert.equal(second.json.context, null)
    assert.equal(second.json.content, 'likes coffee')
    assert.ok(second.json.importance >= 0 && second.json.importance <= 1)
    const { userId, memory, lastUpdated } = (await read()).json
    assert.match(userId, /^usr_/)
    assert.match(lastUpdated, time)
    assert.deepEqual(memory, { tea: second.json })
  })

  test('is read by keys, each percent-encoded, joined by commas or repeated', async () => {
    const keys = ['plain', 'with, comma', 'ümlaut & more', '100%', 'a+b c']
    for (const key of keys) await put({ key, content: `of ${key}` })
    const some = ['with, comma', '100%', 'a+b c']
    const joined = await read(`?keys=${some.map(encodeURIComponent).join(',')}`)
    assert.deepEqual(Object.keys(joined.json.memory).sort(), [...some].sort())
    const repeated = await read(`?${some.map(one => `keys=${encodeURIComponent(one)}`).join('&')}`)
    assert.deepEqual(repeated.json.memory, joined.json.memory)
    assert.deepEqual((await read('?keys=unknown')).json.memory, {})
    assert.equal(Object.keys((await read()).json.memory).length, keys.length)
  })

  test('is deleted by keys or all; anything else is 400', async () => {
    for (const key of ['a', 'b', 'c,d', 'e']) await put({ key, content: 'x' })
    const removed = await server.delete(`/api/ai/memory?keys=a,${encodeURIComponent('c,d')},unknown`)
    assert.equal(removed.status, 200)
    assert.deepEqual(removed.json, { removed: 2 })
    for (const query of ['', '?all=false', '?all=1', '?all=', '?keys=', '?keys=b&all=true', '?key=b']) {
      assertProblem(await server.delete(`/api/ai/memory${query}`), 400, 'invalid_request')
    }
    assert.deepEqual(Object.keys((await read()).json.memory).sort(), ['b', 'e'])
    assert.deepEqual((await server.delete('/api/ai/memory?all=true')).json, { removed: 2 })
    assert.deepEqual((await read()).json.memory, {})
  })

  test('gives what is relevant for a text, best first', async () => {
    await put({ key: 'coffee', content: 'Anna drinks her coffee without sugar', importance: 0.5 })
    await put({ key: 'bicycle', content: 'the bicycle is green', importance: 0.5 })
    for (let i = 0; i < 8; ++i) await put({ key: `coffee shop ${i}`, content: `a coffee shop in street ${i}`, importance: 0.5 })
    const { items } = (await server.get('/api/ai/memory/relevant?q=coffee%20sugar')).json
    assert.ok(items.length > 1 && items.length <= 5, `${items.length} items`)
    assert.equal(items[0].entry.key, 'coffee')
    assert.ok(items.every(one => one.entry.key !== 'bicycle'), JSON.stringify(items))
    for (let i = 1; i < items.length; ++i) assert.ok(items[i - 1].score >= items[i].score)
    assert.equal((await server.get('/api/ai/memory/relevant?q=coffee&limit=1')).json.items.length, 1)
    for (const limit of ['0', '101', 'x']) {
      assertProblem(await server.get(`/api/ai/memory/relevant?q=coffee&limit=${limit}`), 400, 'invalid_request', { parameter: 'limit' })
    }
    assertProblem(await server.get('/api/ai/memory/relevant'), 400, 'invalid_request', { parameter: 'q' })
  })

  test('has stats', async () => {
    const empty = (await server.get('/api/ai/memory/stats')).json
    assert.deepEqual(empty, { count: 0, byType: {}, bytes: 0, oldest: null, newest: null, mostUsed: [] })
    await put({ key: 'a', content: 'one' })
    await put({ key: 'b', content: 'two', type: 'preference' })
    await put({ key: 'c', content: 'three' })
    const stats = (await server.get('/api/ai/memory/stats')).json
    assert.equal(stats.count, 3)
    assert.deepEqual(stats.byType, { fact: 2, preference: 1 })
    assert.ok(stats.bytes >= 11)
    assert.match(stats.oldest, time)
    assert.match(stats.newest, time)
    assert.ok(stats.oldest <= stats.newest)
    assert.ok(Array.isArray(stats.mostUsed))
  })

  test('holds 1,000 entries: the 1,001st drops the least valuable old one at once', async () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `entry-${i}`)
    // The least valuable one is in the middle, neither the oldest nor the newest.
    const importance = key => (key === 'entry-437' ? 0 : 0.9)
    for (let from = 0; from < keys.length; from += 50) {
      const answers = await Promise.all(keys.slice(from, from + 50).map(key => put({ key, content: `note ${key}`, importance: importance(key) })))
      assert.ok(answers.every(one => one.status === 201))
    }
    assert.equal((await server.get('/api/ai/memory/stats')).json.count, 1_000)
    assert.equal((await put({ key: 'entry-3', content: 'replaced', importance: 0.9 })).status, 200)
    assert.ok((await read('?keys=entry-437')).json.memory['entry-437'], 'a replaced entry drops none')

    // The new one stays, however little it is worth.
    const added = await put({ key: 'one more', content: 'the newest', importance: 0 })
    assert.equal(added.status, 201, added.text)
    const { memory } = (await read()).json
    assert.deepEqual(Object.keys(memory).sort(), [...keys.filter(key => key !== 'entry-437'), 'one more'].sort())
    assert.equal((await server.get('/api/ai/memory/stats')).json.count, 1_000)
  })

  test('is used by a chat, which counts', async () => {
    await put({ key: 'favourite tea', content: 'Anna drinks Darjeeling tea' })
    await server.post('/api/ai/chat', chatBody('which tea do I drink?'))
    const system = (await model.call()).body.messages.find(one => one.role === 'system').content
    assert.match(system, /Darjeeling/)
    const { mostUsed } = (await server.get('/api/ai/memory/stats')).json
    assert.deepEqual(mostUsed.map(one => [one.key, one.useCount]), [['favourite tea', 1]])
  })

  test('is the user\'s own', async () => {
    await put({ key: 'secret', content: 'of anna' })
    assert.deepEqual((await read('', asBert())).json.memory, {})
    assert.deepEqual((await server.delete('/api/ai/memory?keys=secret', asBert())).json, { removed: 0 })
    assert.ok('secret' in (await read()).json.memory)
  })

  const entry = { key: 'k', content: 'c' }
  const table = [
    ['no key', { content: 'c' }, '/key'],
    ['an empty key', { ...entry, key: '' }, '/key'],
    ['a key of 201 characters', { ...entry, key: 'x'.repeat(201) }, '/key'],
    ['a key that is a number', { ...entry, key: 1 }, '/key'],
    ['no content', { key: 'k' }, '/content'],
    ['empty content', { ...entry, content: '' }, '/content'],
    ['content of 100,001 characters', { ...entry, content: 'x'.repeat(100_001) }, '/content'],
    ['content that is an object', { ...entry, content: {} }, '/content'],
    ['a type of 51 characters', { ...entry, type: 'x'.repeat(51) }, '/type'],
    ['a type that is an array', { ...entry, type: [] }, '/type'],
    ['an importance above 1', { ...entry, importance: 1.1 }, '/importance'],
    ['an importance below 0', { ...entry, importance: -0.1 }, '/importance'],
    ['an importance that is a string', { ...entry, importance: '1' }, '/importance'],
    ['a context that is a number', { ...entry, context: 1 }, '/context'],
  ]
  for (const [what, body, pointer] of table) {
    test(`with ${what} is invalid_request`, async () => {
      assertProblem(await put(body), 400, 'invalid_request', { pointer })
    })
  }

  test('takes a key of 200 and content of 100,000 characters outside the basic plane', async () => {
    const answer = await put({ key: '𝄞'.repeat(200), content: '𝄞'.repeat(100_000), type: 'x'.repeat(50), importance: 0 })
    assert.equal(answer.status, 201, answer.text.slice(0, 500))
  })
})

describe('conversations', () => {
  const list = (query = '') => server.get(`/api/conversations${query}`, asBert())

  test('are listed in pages, newest first', async () => {
    const ids = []
    for (let i = 0; i < 5; ++i) {
      const answer = await server.post('/api/ai/chat', chatBody(`number ${i}`), asBert())
      ids.unshift(answer.headers['x-conversation-id'])
    }
    const all = (await list()).json
    assert.deepEqual(all.items.map(one => one.id), ids)
    assert.equal(all.nextCursor, null)
    for (const one of all.items) {
      assert.deepEqual(Object.keys(one).sort(), ['createdAt', 'id', 'lastSeq', 'title', 'updatedAt'])
      assert.match(one.createdAt, time)
      assert.match(one.updatedAt, time)
      assert.ok(one.lastSeq > 0)
      assert.equal(typeof one.title, 'string')
    }
    const paged = []
    let cursor = ''
    do {
      const page = (await list(`?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)).json
      assert.ok(page.items.length <= 2)
      paged.push(...page.items)
      cursor = page.nextCursor
    } while (cursor)
    assert.deepEqual(paged, all.items)
  })

  test('refuse a bad limit and a bad cursor', async () => {
    for (const limit of ['0', '101', '-1', 'x', '']) {
      assertProblem(await list(`?limit=${limit}`), 400, 'invalid_request', { parameter: 'limit' })
    }
    assertProblem(await list('?cursor=nonsense'), 400, 'invalid_request', { parameter: 'cursor' })
  })

  test('show their messages, older ones by before', async () => {
    const conversationId = 'cnv_e2e-api-messages'
    const contents = []
    for (let i = 0; i < 3; ++i) {
      await server.post('/api/ai/chat', chatBody(`number ${i}`, { conversationId }))
      contents.push(`number ${i}`, `model says: number ${i}`)
    }
    const shown = (await server.get(`/api/conversations/${conversationId}`)).json
    assert.equal(shown.id, conversationId)
    const { messages } = shown
    assert.deepEqual(messages.map(one => one.content), contents)
    for (const one of messages) {
      assert.match(one.id, /^msg_/)
      assert.match(one.turnId, /^trn_/)
      assert.match(one.at, time)
      assert.equal(one.status, 'complete')
    }
    const older = (await server.get(`/api/conversations/${conversationId}?before=${messages[3].id}`)).json
    assert.deepEqual(older.messages, messages.slice(0, 3))
    const none = (await server.get(`/api/conversations/${conversationId}?before=${messages[0].id}`)).json
    assert.deepEqual(none.messages, [])
  })

  test('show a pending turn with its text so far, and a queued one', async () => {
    const client = await server.connect()
    model.next(held)
    const conversationId = 'cnv_e2e-api-pending'
    const running = await client.chat('hold on', { conversationId })
    const call = await model.call()
    call.delta('so far')
    await client.event('text.delta')
    const queued = await client.chat('later', { conversationId })
    const { messages } = (await server.get(`/api/conversations/${conversationId}`)).json
    assert.deepEqual(messages.slice(0, 2).map(one => [one.content, one.status]), [['hold on', 'pending'], ['so far', 'pending']])
    assert.deepEqual([messages[2].content, messages[2].status, messages[2].turnId], ['later', 'pending', queued.turnId])
    call.done()
    await client.end(running.turnId)
    await client.end(queued.turnId)
    await client.close()
  })

  test('are deleted with their running turn, and stay taken', async () => {
    const client = await server.connect()
    model.next(held)
    const conversationId = 'cnv_e2e-api-deleted'
    const { turnId } = await client.chat('hold on', { conversationId })
    const call = await model.call()
    assertProblem(await server.delete(`/api/conversations/${conversationId}`, asBert()), 404, 'not_found')
    assert.equal((await server.delete(`/api/conversations/${conversationId}`)).status, 204)
    assert.equal((await client.end(turnId)).event.finishReason, 'cancelled')
    await call.closed
    for (const method of ['GET', 'DELETE']) {
      assertProblem(await server.request(method, `/api/conversations/${conversationId}`), 404, 'not_found')
    }
    await client.refused({ type: 'chat.send', message: 'again', conversationId }, 'not_found')
    await client.refused({ type: 'conversation.subscribe', conversationId }, 'not_found')
    const listed = (await server.get('/api/conversations?limit=100')).json.items
    assert.ok(listed.every(one => one.id !== conversationId))
    await client.close()
  })

  test('of another user, or with a malformed id, are not_found', async () => {
    const mine = (await server.post('/api/ai/chat', chatBody('mine'))).headers['x-conversation-id']
    for (const id of [mine, 'cnv_00000000-0000-7000-8000-000000000000', 'nonsense', '%2e%2e', `cnv_${'x'.repeat(500)}`]) {
      assertProblem(await server.get(`/api/conversations/${id}`, asBert()), 404, 'not_found')
    }
  })
})

describe('classification', () => {
  const classify = (message, headers = {}) => server.post('/api/ai/classify', { message }, { headers })

  function assertClassification(found) {
    assert.equal(typeof found.intent, 'string')
    assert.ok(found.confidence >= 0 && found.confidence <= 1)
    assert.ok([null, 'negotiation', 'scheduling', 'memory', 'coordination'].includes(found.specialization))
    assert.ok(Array.isArray(found.integrations))
    assert.equal(typeof found.actionable, 'boolean')
  }

  test('tells what a message is about', async () => {
    const answer = await classify('Schedule a meeting with Bert tomorrow at 10')
    assert.equal(answer.status, 200, answer.text)
    assertClassification(answer.json)
    assert.equal(answer.json.specialization, 'scheduling')
    assert.equal(answer.json.actionable, true)
    const idle = await classify('hello')
    assertClassification(idle.json)
    assert.equal(idle.json.actionable, false)
  })

  test('comes as events: text, and last the same object', async () => {
    const message = 'Schedule a meeting with Bert tomorrow at 10'
    const plain = (await classify(message)).json
    const answer = await classify(message, { Accept: 'text/event-stream' })
    assert.equal(answer.status, 200)
    assert.match(answer.headers['content-type'], /^text\/event-stream/)
    const events = sseEvents(answer.text)
    assert.ok(events.length > 1, answer.text)
    const last = events.pop()
    for (const one of events) {
      assert.equal(one.event, 'text.delta')
      assert.equal(typeof one.data.text, 'string')
    }
    assert.equal(last.event, 'classification')
    assert.deepEqual(last.data, plain)
  })

  test('of nothing is invalid_request', async () => {
    for (const body of [{}, { message: '' }, { message: 1 }, { message: 'x'.repeat(100_001) }]) {
      assertProblem(await server.post('/api/ai/classify', body), 400, 'invalid_request', { pointer: '/message' })
    }
  })
})

describe('a request', () => {
  test('to no route is 404, with a wrong method 405, and without a token 401 before both', async () => {
    assertProblem(await server.get('/api/no-such'), 404, 'not_found')
    assertProblem(await server.request('PUT', '/api/ai/memory', { body: {} }), 405, 'method_not_allowed')
    assertProblem(await server.delete('/api/auth/me'), 405, 'method_not_allowed')
    for (const [method, path] of [['GET', '/api/no-such'], ['DELETE', '/api/auth/me'], ['GET', '/api/auth/me'], ['POST', '/api/ai/chat'],
      ['GET', '/api/ai/memory'], ['GET', '/api/conversations']]) {
      assertProblem(await server.request(method, path, { token: '' }), 401, 'unauthenticated')
      assertProblem(await server.request(method, path, { token: 'prt_wrong' }), 401, 'unauthenticated')
    }
  })

  test('OPTIONS is 405 and there are no CORS headers', async () => {
    const headers = { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' }
    for (const path of ['/api/ai/chat', '/api/ai/memory', '/api/health']) {
      const answer = await server.request('OPTIONS', path, { headers })
      assertProblem(answer, 405, 'method_not_allowed')
      const named = Object.keys((await server.get('/api/auth/me', { headers })).headers).concat(Object.keys(answer.headers))
      assert.ok(named.every(one => !one.startsWith('access-control-')), named.join())
    }
  })

  test('to /ws without an upgrade is 426', async () => {
    assertProblem(await server.get('/ws'), 426, 'upgrade_required')
  })

  test('whose body is not application/json is 415', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
      const answer = await server.post('/api/ai/memory', '{"key":"k","content":"c"}', { headers: { 'Content-Type': type } })
      assertProblem(answer, 415, 'unsupported_media_type')
    }
    const fine = await server.post('/api/ai/memory', '{"key":"typed","content":"c"}', { headers: { 'Content-Type': 'Application/JSON; charset=utf-8' } })
    assert.equal(fine.status, 201, fine.text)
  })

  test('with a body of 1 MiB is read, with one octet more it is 413', async () => {
    const body = size => {
      const frame = '{"key":"big","content":"c","pad":""}'
      return frame.replace('""', `"${'x'.repeat(size - frame.length)}"`)
    }
    const most = 1024 * 1024
    assert.equal(Buffer.byteLength(body(most)), most)
    const fine = await server.post('/api/ai/memory', body(most))
    assert.equal(fine.status, 201, fine.text)
    assertProblem(await server.post('/api/ai/memory', body(most + 1)), 413, 'too_large')
  })

  test('with a header block over 16 KiB is 431', async () => {
    const answer = await server.get('/api/health', { headers: { 'X-Long': 'x'.repeat(17 * 1024) } })
    assertProblem(answer, 431, 'headers_too_large')
  })

  const nested = depth => `{"key":"k","content":"c","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
  const malformed = [
    ['half of JSON', '{"key":"k"'],
    ['nothing', ''],
    ['two values', '{} {}'],
    ['a comment', '{"key":"k","content":"c"} // no'],
    ['NaN', '{"key":"k","content":"c","importance":NaN}'],
    ['a lone surrogate', '{"key":"\\ud800","content":"c"}'],
    ['U+0000', '{"key":"a\\u0000b","content":"c"}'],
    ['bad UTF-8', Buffer.from([...Buffer.from('{"key":"k","content":"'), 0xc3, 0x28, 0x22, 0x7d])],
    ['a nesting of 33', nested(33)],
    ['a nesting of 400,000', nested(400_000)],
    ['a nesting of 200,000 objects', '{"a":'.repeat(200_000)],
    ['an array', '[]'],
    ['null', 'null'],
  ]
  for (const [what, body] of malformed) {
    test(`with ${what} as its body is invalid_request`, async () => {
      assertProblem(await server.post('/api/ai/memory', body), 400, 'invalid_request')
    })
  }

  test('with a nesting of 32 and unknown fields is read', async () => {
    const answer = await server.post('/api/ai/memory', nested(32))
    assert.ok([200, 201].includes(answer.status), answer.text)
  })

  test('gets the security headers whatever the answer', async () => {
    const answers = [
      await server.get('/api/health', { token: '' }),
      await server.get('/api/auth/me'),
      await server.get('/api/auth/me', { token: '' }),
      await server.get('/api/no-such'),
      await server.post('/api/ai/memory', '{'),
      await server.post('/api/ai/chat', chatBody('hello')),
      await server.post('/api/ai/chat', chatBody('hello'), { headers: { Accept: 'text/event-stream' } }),
      await server.get('/', { token: '' }),
      await server.get('/no-such-page', { token: '' }),
    ]
    const ids = new Set()
    for (const [place, { headers }] of answers.entries()) {
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.equal(headers['x-xss-protection'], '1; mode=block')
      assert.equal(headers['referrer-policy'], 'strict-origin-when-cross-origin')
      assert.ok(headers['x-request-id'])
      ids.add(headers['x-request-id'])
      if (place < 7) assert.equal(headers['cache-control'], 'no-store')
    }
    assert.equal(ids.size, answers.length)
    const policy = answers[7].headers['content-security-policy']
    assert.ok(policy && !policy.includes('unsafe-inline'), policy)
    assert.equal(answers[0].headers['x-ratelimit-limit'], undefined)
  })
})

describe('health', () => {
  test('is told without a token', async () => {
    const answer = await server.get('/api/health', { token: '' })
    assert.equal(answer.status, 200)
    const { status, version, node, uptimeS, checks } = answer.json
    assert.equal(status, 'ok')
    assert.equal(typeof version, 'string')
    assert.equal(node, server.node)
    assert.ok(Number.isInteger(uptimeS) && uptimeS >= 0)
    assert.deepEqual(checks, { database: 'ok', llm: 'ok', cluster: 'single' })
    assert.equal((await server.get('/api/health/live', { token: '' })).status, 200)
    assert.equal((await server.get('/api/health/ready', { token: '' })).status, 200)
  })
})

describe('the admin listener', () => {
  const ask = (method, path, headers) => request(server.admin, method, path, { headers })

  test('refuses a foreign Host and a foreign Origin', async () => {
    const { port } = new URL(server.admin)
    for (const Host of ['evil.example', `evil.example:${port}`, '127.0.0.1', 'localhost', `127.0.0.1:${Number(port) - 1}`, `127.0.0.1.evil.example:${port}`]) {
      const answer = await ask('GET', '/api/health', { Host })
      assertProblem(answer, 403, 'forbidden')
    }
    assertProblem(await ask('GET', '/api/health', { Origin: 'http://evil.example' }), 403, 'forbidden')
    assert.equal((await ask('GET', '/api/health', { Host: `localhost:${port}` })).status, 200)
    assert.equal((await ask('GET', '/api/health', { Host: `127.0.0.1:${port}` })).status, 200)
  })

  test('asks for the token of run.json on the routes of our own commands', async () => {
    const file = join(server.data, 'run.json')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const run = JSON.parse(readFileSync(file, 'utf8'))
    assert.equal(run.pid, server.process.pid)
    const open = headers => request(server.admin, 'POST', '/private/sessions', { headers, body: { email: 'anna@example.com' } })
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: `Bearer ${server.token}` }]) {
      assertProblem(await open(headers), 401, 'unauthenticated')
    }
    assert.equal((await open({ Authorization: `Bearer ${run.token}` })).status, 200)
    const elsewhere = await server.post('/private/sessions', { email: 'anna@example.com' }, { token: run.token })
    assert.ok([401, 404].includes(elsewhere.status), 'the front does not know them')
  })

  test('drains by POST /drain', async () => {
    const own = await Server.start({ model: model.url })
    try {
      const answer = await request(own.admin, 'POST', '/drain')
      assert.equal(answer.status, 202, answer.text)
      assert.deepEqual(await own.ended, { code: 0, signal: null })
    } finally {
      await own.close()
    }
  })
})

describe('with rate limits on', () => {
  let limited

  before(async () => {
    limited = await Server.start({ model: model.url, limits: true, users: ['anna', 'bert', 'carl'] })
  })

  after(() => limited?.close())

  function assertLimited(answer, limit) {
    assertProblem(answer, 429, 'rate_limited')
    const seconds = Number(answer.headers['retry-after'])
    assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, answer.headers['retry-after'])
    if (limit) {
      assert.equal(answer.headers['x-ratelimit-limit'], String(limit))
      assert.equal(answer.headers['x-ratelimit-remaining'], '0')
    }
  }

  test('five tries to sign in a minute are allowed for an address, and five for an e-mail, right ones too', async () => {
    const enter = (email, secret, localAddress) =>
      limited.post('/api/auth/login', { email, password: secret }, { token: '', localAddress })
    assert.equal((await enter('anna@example.com', password, '127.0.0.1')).status, 200)
    for (let i = 0; i < 4; ++i) assert.equal((await enter('anna@example.com', 'wrong password', '127.0.0.1')).status, 401)
    assertLimited(await enter('anna@example.com', password, '127.0.0.1'))
    assertLimited(await enter('bert@example.com', password, '127.0.0.1'))
    assertLimited(await enter('ANNA@example.com', password, '127.0.0.2'))
    assert.equal((await enter('bert@example.com', password, '127.0.0.2')).status, 200)
  })

  test('ten chats a minute are allowed, HTTP and WebSocket together', async () => {
    const { token } = limited.users.bert
    const client = await limited.connect({ token })
    assert.deepEqual(client.ready.limits, { chatPerMinute: 10, remaining: 10, maxMessageBytes: 1024 * 1024 })
    for (let i = 0; i < 5; ++i) {
      const answer = await limited.post('/api/ai/chat', chatBody('hello'), { token })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['x-ratelimit-limit'], '10')
      assert.equal(answer.headers['x-ratelimit-remaining'], String(9 - i))
      const reset = Number(answer.headers['x-ratelimit-reset']) - Date.now() / 1_000
      assert.ok(reset > 0 && reset <= 61, `reset in ${reset} s`)
    }
    for (let i = 0; i < 4; ++i) await client.chat('hello')
    assertProblem(await limited.post('/api/ai/chat', {}, { token }), 400, 'invalid_request')
    const error = await client.refused({ type: 'chat.send', message: 'hello' }, 'rate_limited')
    assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 60_000, `retry after ${error.retryAfterMs} ms`)
    assertLimited(await limited.post('/api/ai/chat', chatBody('hello'), { token }), 10)
    await client.settle()
    await client.close()
    const other = await limited.post('/api/ai/chat', chatBody('hello'), { token: limited.users.carl.token })
    assert.equal(other.status, 200, 'another user is not limited')
  })

  test('twenty memory requests a minute are allowed, and health is not limited', async () => {
    for (let i = 0; i < 20; ++i) assert.equal((await limited.get('/api/ai/memory')).status, 200)
    assertLimited(await limited.get('/api/ai/memory'), 20)
    assertLimited(await limited.post('/api/ai/memory', { key: 'k', content: 'c' }), 20)
    const me = await limited.get('/api/auth/me')
    assert.equal(me.status, 200)
    assert.equal(me.headers['x-ratelimit-limit'], '120')
    for (let i = 0; i < 130; ++i) assert.equal((await limited.get('/api/health', { token: '' })).status, 200)
  })
})
