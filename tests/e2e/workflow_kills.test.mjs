/// Fifty bookings at once, each a workflow, and the program killed again and again at any moment: each is made once, and
/// everybody is told once. PERIN_CRASH_ROUNDS kills (10 where it is not said).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { perin, request, Server } from './harness.mjs'

const kills = Number(process.env.PERIN_CRASH_ROUNDS || 10)
const bookings = 50

test(`${bookings} bookings survive ${kills} kills, each once`, async () => {
  const server = await Server.start()
  try {
    const day = at => new Date(at).toISOString().slice(0, 10)
    const made = await server.request('POST', '/api/delegations', { body: {
      title: 'Call', durationsMins: [30], timezone: 'UTC', maxBookings: bookings,
      windowStart: day(Date.now()), windowEnd: day(Date.now() + 30 * 86_400_000) } })
    assert.equal(made.status, 201, made.text)
    const headers = { authorization: `Delegation ${made.json.url.split('/d/')[1]}` }
    const guest = (method, path, body) => request(server.url, method, '/api/delegations/public' + path, { body, headers })
    const free = (await guest('GET', '/slots')).json.items
    assert.ok(free.length >= bookings, `${free.length} slots`)

    let done = 0
    let over = false
    const book = async n => {
      const wish = { start: free[n].start, durationMins: 30, name: `Guest ${n}`, email: `g${n}@example.org`,
        timezone: 'UTC', idempotencyKey: `key-${n}` }
      while (!over) {
        const answer = await guest('POST', '/bookings', wish).catch(() => undefined)
        if (answer?.status === 201) {
          ++done
          return answer.json.id
        }
        // The server is down, starts, or has been cut off in the middle of this very booking.
        assert.ok(!answer || answer.status === 503 || answer.status === 500, answer?.text)
        await new Promise(again => setTimeout(again, 20))
      }
    }
    const all = Array.from({ length: bookings }, (_, n) => book(n))
    for (let n = 0; n < kills; ++n) {
      await new Promise(later => setTimeout(later, 5 + Math.random() * 120))
      await server.restart()
    }
    const limit = setTimeout(() => (over = true), 60_000)
    const ids = await Promise.all(all)
    clearTimeout(limit)
    assert.equal(done, bookings)
    assert.equal(new Set(ids).size, bookings)

    // What was cut off after its answer goes on by itself.
    const end = Date.now() + 30_000
    let left
    do {
      const { stdout } = await perin(server.data, ['workflow', 'list', '--json'])
      left = JSON.parse(stdout).items.filter(one => one.status !== 'completed')
    } while (left.length > 0 && Date.now() < end)
    assert.deepEqual(left, [])
    const { stdout } = await perin(server.data, ['calendar', 'export', 'anna@example.com'])
    assert.equal(stdout.match(/BEGIN:VEVENT/g).length, bookings)
    const told = []
    for (let cursor = ''; cursor !== null;) {
      const page = await server.request('GET', `/api/notifications?limit=100${cursor}`)
      told.push(...page.json.items.filter(one => one.type === 'booking_made'))
      cursor = page.json.nextCursor ? `&cursor=${page.json.nextCursor}` : null
    }
    assert.equal(told.length, bookings)
    const list = (await server.request('GET', `/api/delegations/${made.json.id}`)).json
    assert.equal(list.bookings.filter(one => one.status === 'confirmed').length, bookings)
  } finally {
    await server.close()
  }
})
