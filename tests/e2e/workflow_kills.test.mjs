/// Fifty guests at once who book, cancel and book again, each time by a workflow, and the program killed again and again at
/// any moment: each is made once, and everybody is told once. PERIN_CRASH_ROUNDS kills (10 where it is not said).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { perin, request, Server } from './harness.mjs'
import { mailServer } from './mail_server.mjs'

const kills = Number(process.env.PERIN_CRASH_ROUNDS || 10)
const guests = 50
const day = at => new Date(at).toISOString().slice(0, 10)

async function all(server, path) {
  const out = []
  for (let cursor = ''; cursor !== null;) {
    const page = (await server.get(`${path}?limit=100${cursor}`)).json
    out.push(...page.items)
    cursor = page.nextCursor ? `&cursor=${encodeURIComponent(page.nextCursor)}` : null
  }
  return out
}

/// How often each comes.
function counted(of) {
  const out = {}
  for (const one of of) out[one] = (out[one] ?? 0) + 1
  return out
}

test(`bookings of ${guests} guests survive ${kills} kills, each once`, async t => {
  const mails = await mailServer()
  const server = await Server.start({ env: { PERIN_SMTP_URL: `smtp://127.0.0.1:${mails.port}`, PERIN_MAIL_FROM: 'perin@example.net' } })
  try {
    const made = await server.post('/api/delegations', { title: 'Call', durationsMins: [30], timezone: 'UTC', maxBookings: guests,
      windowStart: day(Date.now() + 2 * 86_400_000), windowEnd: day(Date.now() + 30 * 86_400_000) })
    assert.equal(made.status, 201, made.text)
    const headers = { authorization: `Delegation ${made.json.url.split('/d/')[1]}` }
    const guest = (method, path, body) => request(server.url, method, '/api/delegations/public' + path, { body, headers })
    const free = (await guest('GET', '/slots')).json.items
    assert.ok(free.length >= guests, `${free.length} slots`)

    let late = false
    /// Asks until there is an answer; the server is down, starts, or was cut off in the middle of this very request.
    const until = async (ask, right) => {
      for (;;) {
        const answer = await ask().catch(() => undefined)
        if (right.includes(answer?.status)) return answer
        assert.ok(!answer || answer.status === 503, answer?.text)
        assert.ok(!late, `no answer but ${answer?.text}`)
        await new Promise(again => setTimeout(again, 20))
      }
    }
    let killed = 0
    const booked = []
    const cancelled = []
    const goes = async n => {
      for (let round = 0; ; ++round) {
        const wish = { start: free[n].start, durationMins: 30, name: `Guest ${n}`, email: `g${n}@example.org`, timezone: 'UTC',
          idempotencyKey: `${n}-${round}` }
        const { id } = (await until(() => guest('POST', '/bookings', wish), [201])).json
        booked.push(id)
        if (killed >= kills) return id
        await until(() => guest('DELETE', `/bookings/${id}`), [204, 404])
        cancelled.push(id)
      }
    }
    const going = Promise.all(Array.from({ length: guests }, (_, n) => goes(n)))
    const killing = async () => {
      for (; killed < kills; ++killed) {
        await new Promise(later => setTimeout(later, 5 + Math.random() * 250))
        await server.restart()
      }
    }
    const limit = setTimeout(() => (late = true), 60_000 + kills * 1_000)
    const [standing] = await Promise.all([going, killing()])
    clearTimeout(limit)
    assert.equal(new Set(booked).size, booked.length)

    // What was cut off after its answer goes on by itself.
    let workflows
    for (const end = Date.now() + 30_000; ;) {
      workflows = await all(server, '/api/workflows')
      if (workflows.every(one => one.status === 'completed')) break
      assert.ok(Date.now() < end, JSON.stringify(workflows.filter(one => one.status !== 'completed')))
    }
    const failed = []
    for (const { id } of workflows)
      failed.push(...(await server.get(`/api/workflows/${id}`)).json.history.filter(one => one.event === 'step.failed').map(one => `${one.stepId} ${one.detail.split(';')[0]}`))
    t.diagnostic(`${booked.length} bookings, ${cancelled.length} cancelled; failed attempts: ${JSON.stringify(counted(failed))}`)
    assert.deepEqual(counted(workflows.map(one => one.kind)), counted([...booked.map(() => 'delegation'), ...cancelled.map(() => 'delegation_change')]))
    const { stdout } = await perin(server.data, ['calendar', 'export', 'anna@example.com'])
    assert.equal(stdout.match(/BEGIN:VEVENT/g).length, guests)
    const told = (await all(server, '/api/notifications')).map(one => `${one.type} ${one.payload.bookingId}`)
    assert.deepEqual(counted(told), counted([...booked.map(id => `booking_made ${id}`), ...cancelled.map(id => `booking_cancelled ${id}`)]))
    const { bookings } = (await server.get(`/api/delegations/${made.json.id}`)).json
    assert.deepEqual(bookings.filter(one => one.status === 'confirmed').map(one => one.id).sort(), standing.sort())
    assert.deepEqual([...new Set(bookings.map(one => one.status))].filter(one => !['confirmed', 'cancelled'].includes(one)), [])
    // By its Message-ID a mail is one, however often it came.
    const letters = new Map(mails.got.map(({ to, mail }) => [mail.messageId, `${mail.subject.split(':')[0]} ${to}`]))
    const expected = []
    for (const [subject, ids] of [['Booked', booked], ['Cancelled', cancelled]])
      for (const id of ids) {
        const { email } = bookings.find(one => one.id === id)
        expected.push(`${subject} ${email}`, `${subject} anna@example.com`)
      }
    assert.deepEqual(counted(letters.values()), counted(expected))
  } finally {
    await server.close()
    await mails.close()
  }
})
