/// A booking by a link goes on where the program was killed: the event is there once, nobody is told twice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { perin, request, Server } from './harness.mjs'

const start = async env => {
  const server = await Server.start()
  if (env) await server.restart(env)
  return server
}
const owner = (server, method, path, body) => server.request(method, path, { body })

async function link(server, more = {}) {
  const made = await owner(server, 'POST', '/api/delegations', { title: 'Call', durationsMins: [30], ...more })
  assert.equal(made.status, 201, made.text)
  return { id: made.json.id, token: made.json.url.split('/d/')[1] }
}
const guest = (server, of, method, path, body) =>
  request(server.url, method, '/api/delegations/public' + path, { body, headers: { authorization: `Delegation ${of.token}` } })
const slots = async (server, of) => (await guest(server, of, 'GET', '/slots')).json.items
const wish = start => ({ start, durationMins: 30, name: 'Gustav', email: 'g@example.org', timezone: 'UTC', idempotencyKey: 'k' })
const bookings = async (server, of) => (await owner(server, 'GET', `/api/delegations/${of.id}`)).json.bookings
const notifications = async (server, type) =>
  (await owner(server, 'GET', '/api/notifications?limit=100')).json.items.filter(one => one.type === type)

/// Asks until `holds` of the answer.
async function until(ask, holds, what) {
  const end = Date.now() + 20_000
  for (;;) {
    const got = await ask()
    if (holds(got)) return got
    assert.ok(Date.now() < end, `${what}: ${JSON.stringify(got)}`)
  }
}

/// Does something that kills the server, and starts it again.
async function killedBy(server, doing) {
  await doing().catch(() => {})
  assert.equal((await server.ended).signal, 'SIGKILL')
  await server.restart()
}

for (const point of ['delegation.hold_taken', 'delegation.held', 'delegation.created', 'delegation.notified',
  'calendar.decided', 'calendar.committed'])
  test(`a booking that was cut off at ${point} is made once`, async () => {
    const server = await start({ PERIN_CRASH_AT: point })
    try {
      const of = await link(server)
      const [, , free] = await slots(server, of)
      await killedBy(server, () => guest(server, of, 'POST', '/bookings', wish(free.start)))
      const again = await until(() => guest(server, of, 'POST', '/bookings', wish(free.start)),
        one => one.status !== 503, 'the booking again')
      assert.equal(again.status, 201, again.text)
      const all = await bookings(server, of)
      assert.equal(all.length, 1)
      assert.equal(all[0].status, 'confirmed')
      await until(() => notifications(server, 'booking_made'), told => told.length === 1, 'the notification')
      const { stdout } = await exported(server)
      assert.equal(stdout.match(/BEGIN:VEVENT/g).length, 1)
    } finally {
      await server.close()
    }
  })

async function exported(server) {
  const end = await perin(server.data, ['calendar', 'export', 'anna@example.com'])
  assert.equal(end.code, 0, end.stderr)
  return end
}

for (const point of ['approval.decided', 'booking.decision_sent', 'delegation.created'])
  test(`an approval that was cut off at ${point} books once`, async () => {
    const server = await start({ PERIN_CRASH_AT: point })
    try {
      const of = await link(server, { approval: true })
      const [, , free] = await slots(server, of)
      assert.equal((await guest(server, of, 'POST', '/bookings', wish(free.start))).status, 202)
      const [asked] = await notifications(server, 'booking_approval')
      await killedBy(server, async () => {
        await owner(server, 'POST', `/api/notifications/${asked.id}/resolve`, { action: 'approve' })
        await server.ended
      })
      await until(() => bookings(server, of), all => all[0].status === 'confirmed', 'the booking')
      assert.equal((await bookings(server, of)).length, 1)
      assert.equal((await notifications(server, 'booking_approval')).length, 1)
    } finally {
      await server.close()
    }
  })

for (const [point, method, status] of [['delegation.moved', 'PATCH', 'confirmed'], ['delegation.cancelled', 'DELETE', 'cancelled']])
  test(`a change that was cut off at ${point} is carried out`, async () => {
    const server = await start({ PERIN_CRASH_AT: point })
    try {
      const of = await link(server)
      const free = await slots(server, of)
      const made = await guest(server, of, 'POST', '/bookings', wish(free[2].start))
      assert.equal(made.status, 201, made.text)
      const body = method === 'PATCH' ? { start: free[6].start } : undefined
      await killedBy(server, () => guest(server, of, method, `/bookings/${made.json.id}`, body))
      const all = await until(() => bookings(server, of), one => one[0].status === status, 'the change')
      if (method === 'PATCH') assert.equal(all[0].start, free[6].start)
      const type = method === 'PATCH' ? 'booking_moved' : 'booking_cancelled'
      await until(() => notifications(server, type), told => told.length === 1, 'the notification')
    } finally {
      await server.close()
    }
  })
