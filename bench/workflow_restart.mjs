// Guests' bookings that a kill -9 has cut off, taken up by the next start: one line of JSON a round, then a summary.
//
//   PERIN_BINARY=build/release/perin node bench/workflow_restart.mjs
//   tests/e2e/with_postgresql env PERIN_BINARY=... node bench/workflow_restart.mjs
//
// BENCH_ROUNDS (7) of them, each with a data folder of its own: as many bookings at once as it takes to have at least
// BENCH_CUT_OFF (200) workflows begun and unfinished on disk at the kill. Told are the milliseconds from the start of the
// new process, and from its line that it is ready, to the first new event of the last of those workflows (by the
// journal; before 0: as the process began), and to the last one's end. Wrong is: a workflow that does not end, one that
// does a step twice, an event, a booking or a notification too many or too few.
import assert from 'node:assert/strict'
import { perin, request, Server } from '../tests/e2e/harness.mjs'

const rounds = Number(process.env.BENCH_ROUNDS || 7)
const wanted = Number(process.env.BENCH_CUT_OFF || 200)
const owners = 4

const isoDay = at => new Date(at).toISOString().slice(0, 10)
const always = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map(day => [day, [['00:00', '24:00']]]))

const owner = (server, user, method, path, body) => request(server.url, method, path, { body, token: user.token })

async function links(server, count) {
  const out = []
  for (const user of Object.values(server.users)) {
    const made = await owner(server, user, 'POST', '/api/delegations', { title: 'Call', durationsMins: [30], timezone: 'UTC',
      workingHours: always, maxBookings: count, windowStart: isoDay(Date.now() + 2 * 86_400_000), windowEnd: isoDay(Date.now() + 30 * 86_400_000) })
    assert.equal(made.status, 201, made.text)
    const headers = { authorization: `Delegation ${made.json.url.split('/d/')[1]}` }
    const free = (await request(server.url, 'GET', '/api/delegations/public/slots', { headers })).json.items
    out.push({ user, headers, free })
  }
  return out
}

function book(server, link, n) {
  const body = { start: link.free[n].start, durationMins: 30, name: `Guest ${n}`, email: `g${n}@example.org`, timezone: 'UTC', idempotencyKey: `key-${n}` }
  return request(server.url, 'POST', '/api/delegations/public/bookings', { body, headers: link.headers })
}

/// Twenty at a time.
async function each(of, ask) {
  const out = []
  for (let i = 0; i < of.length; i += 20) out.push(...await Promise.all(of.slice(i, i + 20).map(ask)))
  return out
}

async function everything(server, user, path) {
  const out = []
  for (let cursor = ''; cursor !== null;) {
    const page = (await owner(server, user, 'GET', `${path}?limit=100${cursor}`)).json
    out.push(...page.items)
    cursor = page.nextCursor ? `&cursor=${encodeURIComponent(page.nextCursor)}` : null
  }
  return out
}

/// Waits until none is under way.
async function ended(server) {
  for (const end = Date.now() + 60_000; ;) {
    let left = 0
    for (const user of Object.values(server.users))
      for (const status of ['running', 'waiting'])
        left += (await owner(server, user, 'GET', `/api/workflows?limit=1&status=${status}`)).json.items.length
    if (left === 0) return
    assert.ok(Date.now() < end, 'workflows do not end')
  }
}

async function histories(server) {
  const out = []
  for (const user of Object.values(server.users))
    out.push(...await each(await everything(server, user, '/api/workflows'),
      async ({ id }) => (await owner(server, user, 'GET', `/api/workflows/${id}`)).json))
  return out
}

async function round(atOnce, delay) {
  const server = await Server.start({ users: Array.from({ length: owners }, (_, n) => `owner${n}`) })
  try {
    const count = atOnce / owners
    const all = await links(server, count)
    const asked = all.flatMap(link => Array.from({ length: count }, (_, n) => book(server, link, n).catch(() => undefined)))
    await new Promise(later => setTimeout(later, delay))
    const killed = Date.now()
    await server.crash()
    await Promise.all(asked)
    const began = Date.now()
    await server.start()
    const ready = Date.now()
    await ended(server)
    const before = (await histories(server)).filter(one => Date.parse(one.createdAt) <= killed)
    const gone = before.map(one => one.history.map(event => Date.parse(event.at)).filter(at => at >= began)).filter(one => one.length > 0)
    // Those that were cut off before their workflow began are asked for again.
    for (const link of all)
      for (const again of await each([...Array(count).keys()], n => book(server, link, n))) assert.equal(again.status, 201, again.text)
    await check(server, count)
    const goOn = Math.max(...gone.map(one => one[0]))
    const last = Math.max(...gone.map(one => one.at(-1)))
    return { cutOff: gone.length, begun: before.length, readyMs: ready - began, goOnFromStartMs: goOn - began,
      goOnFromReadyMs: goOn - ready, endedFromStartMs: last - began }
  } finally {
    await server.close()
  }
}

async function check(server, count) {
  for (const one of await histories(server)) {
    assert.equal(one.status, 'completed', JSON.stringify(one))
    const done = one.history.filter(event => event.event === 'step.done').map(event => event.stepId)
    assert.deepEqual(done, one.steps.map(step => step.stepId))
  }
  for (const user of Object.values(server.users)) {
    const [{ id }] = await everything(server, user, '/api/delegations')
    const { bookings } = (await owner(server, user, 'GET', `/api/delegations/${id}`)).json
    assert.equal(bookings.length, count)
    assert.ok(bookings.every(one => one.status === 'confirmed'))
    const { stdout } = await perin(server.data, ['calendar', 'export', user.email])
    assert.equal(stdout.match(/BEGIN:VEVENT/g).length, count)
    const told = (await everything(server, user, '/api/notifications')).filter(one => one.type === 'booking_made')
    assert.equal(new Set(told.map(one => one.payload.bookingId)).size, count)
    assert.equal(told.length, count)
  }
}

const median = of => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]
const kept = []
let delay = Number(process.env.BENCH_DELAY_MS || 60)
for (let tries = 0; kept.length < rounds && tries < rounds * 6; ++tries) {
  const one = await round(wanted * 2, delay)
  console.log(JSON.stringify({ ...one, delayMs: delay }))
  if (one.cutOff >= wanted) kept.push(one)
  // Too early: few have begun; too late: few are left.
  else delay = Math.max(10, one.begun < wanted / 2 ? delay * 1.8 : one.begun < wanted * 1.5 ? delay * 1.2 : delay * 0.8)
}
const summary = name => ({ best: Math.min(...kept.map(one => one[name])), median: median(kept.map(one => one[name])) })
console.log(JSON.stringify({ what: 'restart', rounds: kept.length, cutOff: summary('cutOff'), readyMs: summary('readyMs'),
  goOnFromStartMs: summary('goOnFromStartMs'), goOnFromReadyMs: summary('goOnFromReadyMs'), endedFromStartMs: summary('endedFromStartMs') }))
