/// Links for guests over HTTP and the shell: making, opening, booking, changing, closing (docs/delegation.md).
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertProblem, perin, request, Server } from './harness.mjs'

const anna = 'anna@example.com'
const day = 86_400_000
const iso = at => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')

describe('links for guests', () => {
  let server
  before(async () => (server = await Server.start({ users: ['anna', 'bert'], env: { PERIN_LOG_LEVEL: 'debug' } })))
  after(() => server.close())

  const call = (method, path, options) => request(server.url, method, path, options)
  const owner = (method, path, body, who = 'anna') =>
    call(method, path, { body, headers: { authorization: `Bearer ${server.users[who].token}` } })
  const guest = (token, method, path, body) =>
    call(method, '/api/delegations/public' + path, { body, headers: { authorization: `Delegation ${token}` } })
  async function link(more = {}) {
    const made = await owner('POST', '/api/delegations', { title: 'Intro call', durationsMins: [30, 60], ...more })
    assert.equal(made.status, 201, made.text)
    return { ...made.json, token: made.json.url.split('/d/')[1] }
  }
  async function slots(of, query = '') {
    const found = await guest(of.token, 'GET', `/slots?durationMins=30${query}`)
    assert.equal(found.status, 200, found.text)
    return found.json.items
  }
  const who = (name, start, more = {}) =>
    ({ start, durationMins: 30, name, email: `${name}@example.org`, timezone: 'America/New_York', ...more })

  test('an owner makes, sees and revokes links; the address is told once', async () => {
    const made = await link({ maxBookings: 2 })
    assert.match(made.token, /^[\w-]{43}$/)
    assert.equal(made.status, 'active')
    assert.deepEqual(made.bookings, [])
    const shown = await owner('GET', `/api/delegations/${made.id}`)
    assert.equal(shown.json.title, 'Intro call')
    assert.equal(shown.json.url, undefined)
    const listed = await owner('GET', '/api/delegations?limit=1')
    assert.equal(listed.json.items[0].id, made.id)
    assertProblem(await owner('GET', `/api/delegations/${made.id}`, undefined, 'bert'), 404, 'not_found')
    assertProblem(await owner('DELETE', `/api/delegations/${made.id}`, undefined, 'bert'), 404, 'not_found')
    assertProblem(await owner('GET', '/api/delegations/dlg_x'), 404, 'not_found')
    const bad = await owner('POST', '/api/delegations', { title: 'x', durationsMins: [1] })
    assertProblem(bad, 400, 'invalid_request')
    assert.equal(bad.json.pointer, '/durationsMins/0')
    assert.equal((await owner('DELETE', `/api/delegations/${made.id}`)).status, 204)
    assertProblem(await guest(made.token, 'GET', ''), 410, 'gone')
    assert.equal((await owner('GET', `/api/delegations/${made.id}`)).json.status, 'revoked')
  })

  test('a guest sees what the link says and nothing else, and may go nowhere else', async () => {
    const made = await link()
    const shown = await guest(made.token, 'GET', '')
    assert.deepEqual(Object.keys(shown.json).sort(),
      ['approval', 'durationsMins', 'expiresAt', 'ownerName', 'timezone', 'title'])
    assertProblem(await guest('x'.repeat(43), 'GET', ''), 401, 'unauthenticated')
    assertProblem(await call('GET', '/api/delegations/public'), 401, 'unauthenticated')
    const headers = { authorization: `Delegation ${made.token}` }
    for (const [method, path] of [['GET', '/api/delegations'], ['GET', `/api/delegations/${made.id}`],
      ['DELETE', `/api/delegations/${made.id}`], ['GET', '/api/auth/me'], ['GET', '/api/conversations'],
      ['GET', '/api/notifications'], ['GET', '/api/nothing']])
      assertProblem(await call(method, path, { headers }), 403, 'forbidden')
    assertProblem(await owner('GET', '/api/delegations/public'), 403, 'forbidden')
  })

  test('a time is booked, moved and cancelled by the link', async () => {
    const made = await link()
    const free = await slots(made, '&timezone=America/New_York')
    assert.ok(free.length > 10)
    assert.match(free[0].startLocal, /-0[45]:00$/)
    const booked = await guest(made.token, 'POST', '/bookings', who('gustav', free[2].start, { note: 'hello' }))
    assert.equal(booked.status, 201, booked.text)
    assert.equal(booked.json.status, 'confirmed')
    assert.equal(booked.json.start, free[2].start)
    assert.match(booked.json.ics, /^BEGIN:VCALENDAR\r\n[^]*METHOD:REQUEST\r\n/)
    assertProblem(await guest(made.token, 'GET', '/slots?durationMins=30'), 410, 'gone')
    assertProblem(await guest(made.token, 'POST', '/bookings', who('berta', free[6].start)), 410, 'gone')
    const seen = (await owner('GET', `/api/delegations/${made.id}`)).json
    assert.equal(seen.status, 'spent')
    assert.equal(seen.bookings[0].email, 'gustav@example.org')
    const told = (await owner('GET', '/api/notifications')).json.items
    assert.ok(told.some(one => one.type === 'booking_made' && one.payload.bookingId === booked.json.id))

    const moved = await guest(made.token, 'PATCH', `/bookings/${booked.json.id}`, { start: free[8].start })
    assert.equal(moved.status, 200, moved.text)
    assert.equal(moved.json.start, free[8].start)
    const off = await guest(made.token, 'PATCH', `/bookings/${booked.json.id}`, { start: iso(Date.now() - day) })
    assertProblem(off, 400, 'invalid_request')
    assert.equal((await guest(made.token, 'DELETE', `/bookings/${booked.json.id}`)).status, 204)
    assertProblem(await guest(made.token, 'DELETE', `/bookings/${booked.json.id}`), 404, 'not_found')
    assert.equal((await owner('GET', `/api/delegations/${made.id}`)).json.status, 'active')
  })

  test('of a hundred guests at once one gets the time, the others are told of others', async () => {
    const made = await link({ maxBookings: 100 })
    const [first] = await slots(made)
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) =>
      guest(made.token, 'POST', '/bookings', who(`g${i}`, first.start))))
    const won = all.filter(one => one.status === 201)
    assert.equal(won.length, 1, JSON.stringify(all.map(one => one.status)))
    for (const one of all.filter(each => each.status !== 201)) {
      assertProblem(one, 409, 'conflict')
      assert.ok(one.json.alternatives.length > 0 && one.json.alternatives.length <= 5)
    }
    assert.equal((await owner('GET', `/api/delegations/${made.id}`)).json.bookings.length, 1)
  })

  test('a link that asks its owner books nothing before', async () => {
    const made = await link({ approval: true, maxBookings: 2 })
    const free = await slots(made)
    const asked = await guest(made.token, 'POST', '/bookings', who('frida', free[20].start))
    assert.equal(asked.status, 202, asked.text)
    assert.equal(asked.json.status, 'awaiting_approval')
    const other = await guest(made.token, 'POST', '/bookings', who('emil', free[20].start))
    assertProblem(other, 409, 'conflict')
    const open = (await owner('GET', '/api/notifications?status=open')).json.items
    const question = open.find(one => one.type === 'booking_approval' && one.payload.bookingId === asked.json.id)
    const done = await owner('POST', `/api/notifications/${question.id}/resolve`, { action: 'approve' })
    assert.equal(done.status, 200, done.text)
    const status = async () => (await owner('GET', `/api/delegations/${made.id}`)).json.bookings[0].status
    for (let i = 0; i < 1_000 && (await status()) !== 'confirmed'; ++i);
    assert.equal(await status(), 'confirmed')
  })

  test('the assistant makes a link that was asked for in words', async () => {
    const said = await owner('POST', '/api/ai/chat',
      { messages: [{ role: 'user', content: 'make a 45 minute link for Bob for next week' }] })
    assert.equal(said.status, 200, said.text)
    const [, token] = /\/d\/([\w-]{43})/.exec(said.text) ?? assert.fail(said.text)
    const shown = await guest(token, 'GET', '')
    assert.equal(shown.json.title, 'Meeting with Bob')
    assert.deepEqual(shown.json.durationsMins, [45])
    assert.ok((await guest(token, 'GET', '/slots')).json.items.length > 0)
  })

  test('what is wrong with a request is said by its field', async () => {
    const made = await link()
    const [free] = await slots(made)
    const good = who('gustav', free.start)
    for (const [field, value] of [['start', 'soon'], ['durationMins', 31], ['durationMins', 'x'], ['name', ''],
      ['name', 'a\nb'], ['email', 'nobody'], ['timezone', 'Mars/Base'], ['note', 'x'.repeat(1_001)],
      ['start', undefined], ['durationMins', undefined], ['email', undefined]]) {
      const refused = await guest(made.token, 'POST', '/bookings', { ...good, [field]: value })
      assertProblem(refused, 400, 'invalid_request')
      assert.equal(refused.json.pointer, '/' + field)
    }
    for (const [query, parameter] of [['from=x', 'from'], ['to=x', 'to'], ['timezone=x', 'timezone'],
      ['durationMins=7', 'durationMins'], [`from=${iso(Date.now())}&to=${iso(Date.now() + 63 * day)}`, 'to']]) {
      const refused = await guest(made.token, 'GET', `/slots?${query}`)
      assertProblem(refused, 400, 'invalid_request')
      assert.equal(refused.json.parameter, parameter)
    }
    assertProblem(await guest(made.token, 'DELETE', '/bookings/bkg_x'), 404, 'not_found')
  })

  test('the page gives a cookie of the link, and says what is wrong with a dead one', async () => {
    const made = await link({ title: '<b>Call</b>' })
    const page = await call('GET', `/d/${made.token}`)
    assert.equal(page.status, 200)
    assert.equal(page.headers['referrer-policy'], 'no-referrer')
    assert.ok(page.text.includes('&lt;b&gt;Call&lt;/b&gt;') && !page.text.includes('<b>'))
    const cookie = page.headers['set-cookie'][0]
    assert.match(cookie, /^perin_guest=pgs_[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+/)
    const by = { cookie: cookie.split(';')[0] }
    assert.equal((await call('GET', '/api/delegations/public', { headers: by })).json.title, '<b>Call</b>')
    assert.equal((await call('GET', `/d/${made.token}`, { headers: by })).headers['set-cookie'], undefined)
    assertProblem(await call('GET', '/api/auth/me', { headers: by }), 403, 'forbidden')
    const [free] = await slots(made)
    const body = who('gustav', free.start)
    for (const headers of [{}, { origin: 'https://evil.example' }])
      assertProblem(await call('POST', '/api/delegations/public/bookings', { body, headers: { ...by, ...headers } }),
        403, 'forbidden')
    const own = await call('POST', '/api/delegations/public/bookings', { body, headers: { ...by, origin: server.url } })
    assert.equal(own.status, 201, own.text)
    const unknown = await call('GET', `/d/${'x'.repeat(43)}`)
    assert.equal(unknown.status, 401)
    assert.match(unknown.headers['content-type'], /^text\/html/)
    await owner('DELETE', `/api/delegations/${made.id}`)
    const revoked = await call('GET', `/d/${made.token}`)
    assert.equal(revoked.status, 410)
    assert.match(revoked.text, /revoked/)
    assertProblem(await call('GET', '/api/delegations/public', { headers: by }), 410, 'gone')
    assert.ok(!server.log.includes(made.token), 'the token is in the log')
  })
})

for (const running of [true, false])
  describe(`perin link ${running ? 'beside a server' : 'on the database'}`, () => {
    let server
    before(async () => {
      server = await Server.start()
      if (!running) await server.stop()
    })
    after(() => server.close())
    const links = (...args) => perin(server.data, ['link', ...args])

    test('makes, lists and revokes', async () => {
      const made = await links('create', anna, '--title', 'Call', '--duration', '30,60', '--approval', '--max-bookings', '3')
      assert.equal(made.code, 0, made.stderr)
      assert.match(made.stdout, /^https?:\/\/\S+\/d\/[\w-]{43}\n$/)
      const json = JSON.parse((await links('list', anna, '--json')).stdout)
      assert.equal(json.items.length, 1)
      assert.deepEqual(json.items[0].durationsMins, [30, 60])
      assert.equal(json.items[0].approval, true)
      assert.equal(json.items[0].maxBookings, 3)
      const id = json.items[0].id
      const table = await links('list', anna)
      assert.match(table.stdout, new RegExp(`^ID +STATUS +TITLE[^\\n]*\\n${id} +active +Call +30,60 +0 `))
      assert.equal((await links('revoke', anna, id)).code, 0)
      assert.equal(JSON.parse((await links('list', anna, '--json')).stdout).items[0].status, 'revoked')
      assert.equal((await links('revoke', anna, 'dlg_none')).code, 1)
      assert.equal((await links('list', 'nobody@example.com')).code, 1)
      for (const bad of [['--duration', 'x'], ['--duration', '2'], ['--duration', '30', '--timezone', 'Mars'],
        ['--duration', '30', '--from', '2020-01-01', '--to', '2020-01-02']])
        assert.equal((await links('create', anna, '--title', 'Call', ...bad)).code, 2)
    })
  })
