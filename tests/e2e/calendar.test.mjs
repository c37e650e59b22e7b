/// `perin calendar` beside a server and without one, the feed that others subscribe to, and hostile files
/// (docs/calendar.md).
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { assertProblem, perin, request, Server, temporaryFolder } from './harness.mjs'

const files = temporaryFolder()
const anna = 'anna@example.com'

const event = (uid, more = '') =>
  `BEGIN:VEVENT\r\nUID:${uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20301210T090000Z\r\n` +
  `DTEND:20301210T100000Z\r\n${more}END:VEVENT\r\n`
const file = (...events) => `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n${events.join('')}END:VCALENDAR\r\n`

const calendar = (data, ...args) => perin(data, ['calendar', ...args])
async function done(data, args, options) {
  const end = await perin(data, ['calendar', ...args], options)
  assert.equal(end.code, 0, end.stderr)
  return end.stdout
}
const titles = async data =>
  JSON.parse(await done(data, ['list', anna, '--json', '--from', '2030-01-01T00:00:00Z', '--to', '2031-01-01T00:00:00Z']))
    .items.map(one => one.title)

/// What each way of keeping and changing a calendar has to do.
function commands(of) {
  test('an event is added, listed on its owner’s clock, and taken by nothing else', async () => {
    const data = of().data
    const added = await done(data, ['add', anna, '--title', 'Lunch', '--start', '2030-12-02 at noon', '--location', 'Café'])
    assert.match(added, /^added Lunch, 2030-12-02 12:00 to 13:00, evt_\S+\n$/)
    const listed = await done(data, ['list', anna, '--from', '2030-12-02', '--to', '2030-12-02'])
    assert.match(listed, /^START +END +TITLE +LOCATION +ID\n2030-12-02 12:00 +13:00 +Lunch +Café +evt_\S+\n$/)
    const json = JSON.parse(await done(data, ['list', anna, '--json', '--from', '2030-12-02', '--to', '2030-12-02']))
    assert.equal(json.timezone, 'Europe/Vienna')
    assert.deepEqual({ ...json.items[0], id: '' }, {
      id: '', title: 'Lunch', start: '2030-12-02T11:00:00Z', end: '2030-12-02T12:00:00Z',
      startLocal: '2030-12-02T12:00:00+01:00', endLocal: '2030-12-02T13:00:00+01:00', allDay: false, busy: true,
      status: 'confirmed', location: 'Café', description: null, recurrenceId: null })

    const taken = await calendar(data, 'add', anna, '--title', 'Dentist', '--start', '2030-12-02T11:30:00Z')
    assert.equal(taken.code, 1)
    assert.match(taken.stderr, /Lunch, 2030-12-02 12:00 to 13:00/)
    assert.match(taken.stdout, /^2030-12-02 13:00 to 14:00$/m)
    const told = await calendar(data, 'add', anna, '--title', 'Dentist', '--start', '2030-12-02T11:30:00Z', '--json')
    assert.equal(told.code, 1)
    assert.equal(JSON.parse(told.stdout).status, 'taken')
    await done(data, ['add', anna, '--title', 'Dentist', '--start', '2030-12-02T11:30:00Z', '--overlap'])
    assert.deepEqual((await titles(data)).sort(), ['Dentist', 'Lunch'])
  })

  test('bad usage is exit 2 and says what is wrong', async () => {
    const data = of().data
    for (const [args, why] of [
      [['add', anna, '--title', 'x', '--start', 'whenever'], /--start/],
      [['add', anna, '--start', 'tomorrow at noon'], /--title/],
      [['add', anna, '--title', 'x', '--start', 'tomorrow at noon', '--repeat', 'FREQ=NEVER'], /repeat/],
      [['list', anna, '--from', '2030-02-01', '--to', '2030-01-01'], /--to/],
      [['list', 'anna'], /EMAIL/],
      [['import', anna], /FILE/],
    ]) {
      const end = await calendar(data, ...args)
      assert.equal(end.code, 2, end.stderr)
      assert.match(end.stderr, why)
    }
    const nobody = await calendar(data, 'list', 'nobody@example.com')
    assert.equal(nobody.code, 1)
    assert.match(nobody.stderr, /there is no user nobody@example.com/)
  })

  test('a file is taken over, and written as it was', async () => {
    const data = of().data
    const text = file(event('one', 'SUMMARY:One\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n'), event('two'),
      'BEGIN:VEVENT\r\nSUMMARY:no uid\r\nEND:VEVENT\r\n')
    const taken = await perin(data, ['calendar', 'import', anna, '-'], { input: text })
    assert.equal(taken.code, 0, taken.stderr)
    assert.equal(taken.stdout, 'added 2, replaced 0, unchanged 0\n')
    assert.match(taken.stderr, /^line \d+: /)
    writeFileSync(join(files, 'in.ics'), text)
    assert.equal(await done(data, ['import', anna, join(files, 'in.ics')]), 'added 0, replaced 0, unchanged 2\n')
    const target = join(files, `out-${randomBytes(4).toString('hex')}.ics`)
    await done(data, ['export', anna, target])
    const exported = readFileSync(target, 'utf8')
    assert.match(exported, /^BEGIN:VCALENDAR\r\n/)
    assert.match(exported, /RRULE:FREQ=WEEKLY;COUNT=3\r\n/)
    const other = await calendar(data, 'export', anna, target)
    assert.equal(other.code, 2, 'nobody was asked whether to replace the file')
    await done(data, ['export', anna, target, '--yes'])
    const all = exported.match(/BEGIN:VEVENT/g).length
    assert.equal(await done(data, ['import', anna, target]), `added 0, replaced 0, unchanged ${all}\n`)
  })

  test('hostile files are refused or cut, and lose nothing', async () => {
    const data = of().data
    const before = await titles(data)
    const take = (input, options) => perin(data, ['calendar', 'import', anna, '-'], { input, ...options })
    for (const [text, why] of [
      ['', /perin: /], ['hello', /perin: /], [randomBytes(100_000), /perin: /],
      [file('x'.repeat(20 * 1024 * 1024 + 1)), /over 20 MiB/],
      [file(...Array.from({ length: 100_000 }, (_, i) => event(`e${i}`))), /20,?000|over 20 MiB/],
    ]) {
      const end = await take(text)
      assert.equal(end.code, 1, end.stderr)
      assert.match(end.stderr, why)
    }
    const mebibyte = 'x'.repeat(1024 * 1024)
    const cut = await take(file(event('h1', `SUMMARY:${mebibyte}\r\n`), event('h2', 'RRULE:FREQ=SECONDLY\r\n'),
      event('h3', `DESCRIPTION:${mebibyte}${mebibyte}\r\n`)))
    assert.equal(cut.code, 0, cut.stderr)
    assert.match(cut.stdout, /^added 3,/)
    assert.ok(cut.stderr.length > 0 && cut.stderr.length < 10_000)
    const truncated = await take(file(event('h4'), event('h5')).slice(0, 250))
    assert.ok((truncated.stdout + truncated.stderr).length > 0)
    const listed = JSON.parse(await done(data, ['list', anna, '--json', '--from', '2030-12-10', '--to', '2030-12-10']))
    assert.equal(listed.more, true)
    const now = new Set(await titles(data))
    for (const title of before) assert.ok(now.has(title), title)
  })
}

describe('without a server', () => {
  let server
  before(async () => {
    server = new Server()
    await server.addUser('anna', ['--timezone', 'Europe/Vienna'])
  })
  after(() => server.close())
  commands(() => server)

  test('what it kept is there when the server starts, and the feed too', async () => {
    const first = (await done(server.data, ['feed', anna])).trim()
    assert.match(first, /^http:\/\/127\.0\.0\.1:\d+\/calendar\/[\w-]{43}\.ics$/)
    const known = await titles(server.data)
    await server.start()
    assert.deepEqual(await titles(server.data), known)
    const answer = await request(server.url, 'GET', new URL(first).pathname, {})
    assert.equal(answer.status, 200)
  })
})

describe('beside a server', () => {
  let server
  before(async () => {
    server = new Server({ env: { PERIN_LOG_LEVEL: 'debug' } })
    await server.addUser('anna', ['--timezone', 'Europe/Vienna'])
    await server.addUser('bert')
    await server.start()
  })
  after(() => server.close())
  commands(() => server)

  test('the private routes ask for the token, and only the import takes a large body', async () => {
    for (const [method, path] of [['GET', 'events'], ['POST', 'events'], ['POST', 'import'], ['GET', 'export'], ['POST', 'feed']])
      assertProblem(await request(server.admin, method, `/private/calendar/${path}?email=${anna}`, { token: 'wrong' }),
        401, 'unauthenticated')
    const { token } = JSON.parse(readFileSync(join(server.data, 'run.json'), 'utf8'))
    const large = 'x'.repeat(2 * 1024 * 1024)
    const send = (path, type, body, by = token) => fetch(server.admin + path, {
      method: 'POST', headers: { authorization: `Bearer ${by}`, 'content-type': type }, body })
    assert.equal((await send('/private/users', 'application/json', JSON.stringify({ email: large }))).status, 413)
    assert.equal((await send(`/private/calendar/import?email=${anna}`, 'text/calendar', large, 'wrong')).status, 413)
    assert.equal((await send(`/private/calendar/import?email=${anna}`, 'text/calendar', large)).status, 400)
    assert.equal((await send(`/private/calendar/import?email=${anna}`, 'application/json', '{}')).status, 415)
    const small = await send(`/private/calendar/import?email=${anna}`, 'text/calendar; charset=utf-8', file(event('small')))
    assert.equal(small.status, 200)
    assert.equal((await small.json()).added, 1)
  })

  test('a feed is all of its owner’s events, for whoever has the address', async () => {
    const url = (await done(server.data, ['feed', anna])).trim()
    assert.ok(url.startsWith(`${server.url}/calendar/`), url)
    const path = new URL(url).pathname
    const get = (headers = {}, at = path) => request(server.url, 'GET', at, { headers })
    const answer = await get()
    assert.equal(answer.status, 200)
    assert.match(answer.headers['content-type'], /^text\/calendar/)
    assert.equal(answer.headers['referrer-policy'], 'no-referrer')
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.text.replaceAll(/DTSTAMP:.*/g, ''), (await done(server.data, ['export', anna])).replaceAll(/DTSTAMP:.*/g, ''))
    const { etag, 'last-modified': modified } = answer.headers
    assert.ok(Math.abs(Date.parse(modified) - Date.now()) < 600_000, modified)
    assert.equal((await get()).text, answer.text, 'byte by byte the same')
    for (const headers of [{ 'If-None-Match': etag }, { 'If-None-Match': `"x", W/${etag}` }, { 'If-None-Match': '*' }, { 'If-Modified-Since': modified }]) {
      const same = await get(headers)
      assert.equal(same.status, 304)
      assert.equal(same.text, '')
      assert.equal(same.headers.etag, etag)
    }
    assert.equal((await get({ 'If-None-Match': '"other"', 'If-Modified-Since': modified })).status, 200)
    await done(server.data, ['add', anna, '--title', 'Something new', '--start', '2030-11-01T10:00:00Z'])
    const next = await get({ 'If-None-Match': etag })
    assert.equal(next.status, 200)
    assert.match(next.text, /SUMMARY:Something new\r\n/)
    const head = await request(server.url, 'HEAD', path, {})
    assert.equal(head.status, 200)

    // Nobody else's, and nobody's: one answer.
    const token = path.slice('/calendar/'.length, -'.ics'.length)
    const wrong = [`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}.ics`, 'x.ics', `${token}`, `${token}.ICS`, '%00.ics', `${token}.ics.ics`]
    const answers = []
    for (const name of wrong) {
      const refused = await get({}, `/calendar/${name}`)
      if (name === '%00.ics') continue // is no address at all
      const problem = assertProblem(refused, 404, 'not_found')
      assert.equal(refused.headers['referrer-policy'], 'no-referrer')
      answers.push(JSON.stringify({ ...problem, requestId: '' }))
    }
    assert.equal(new Set(answers).size, 1)
    assertProblem(await request(server.url, 'POST', path, {}), 405, 'method_not_allowed')

    // A new address ends the old one.
    const renewed = (await done(server.data, ['feed', anna, '--yes'])).trim()
    assert.notEqual(renewed, url)
    assert.equal((await get()).status, 404)
    assert.equal((await get({}, new URL(renewed).pathname)).status, 200)
    const unasked = await calendar(server.data, 'feed', anna)
    assert.equal(unasked.code, 2)
    await done(server.data, ['feed', anna, '--revoke', '--yes'])
    assert.equal((await get({}, new URL(renewed).pathname)).status, 404)

    // No secret in the log, in the metrics, or on the disk.
    const metrics = await request(server.admin, 'GET', '/metrics', {})
    assert.match(metrics.text, /GET \/calendar\/\*/)
    for (const secret of [token, new URL(renewed).pathname.slice(10, 53)]) {
      assert.ok(!server.log.includes(secret), 'in the log')
      assert.ok(!metrics.text.includes(secret), 'in the metrics')
      const exported = await perin(server.data, ['export', anna])
      assert.ok(!exported.stdout.includes(secret), 'in the export')
    }
    assert.match(server.log, /GET \/calendar\/\*/, 'the log tells of the request, without its address')
  })

  test('a feed goes with its owner', async () => {
    const url = (await done(server.data, ['feed', 'bert@example.com'])).trim()
    const path = new URL(url).pathname
    assert.equal((await request(server.url, 'GET', path, {})).status, 200)
    assert.equal((await perin(server.data, ['user', 'remove', 'bert@example.com', '--yes'])).code, 0)
    assert.equal((await request(server.url, 'GET', path, {})).status, 404)
  })
})

test('reading feeds is limited by address', async () => {
  const server = await Server.start({ limits: true })
  try {
    const answers = []
    for (let i = 0; i < 400 && answers.at(-1) !== 429; ++i)
      answers.push((await request(server.url, 'GET', `/calendar/${'x'.repeat(43)}.ics`, {})).status)
    assert.equal(answers[0], 404)
    assert.equal(answers.at(-1), 429)
  } finally {
    await server.close()
  }
})
