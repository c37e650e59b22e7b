/// A guest's turn that books, killed anywhere: the turn ends, the time is booked once, each step is told once.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client, perin, request, Server } from './harness.mjs'

const points = [
  'turn.delta', 'tool.after_effect', 'delegation.held', 'delegation.created', 'delegation.notified', 'calendar.decided', 'calendar.committed',
  ...[1, 3, 5, 6, 8, 12].map(n => `workflow.decided:${n}`), ...[1, 4, 5, 6, 7, 9, 12].map(n => `workflow.committed:${n}`),
  ...[1, 2, 3, 5].map(n => `workflow.told:${n}`), ...[1, 4, 6].map(n => `workflow.step_ran:${n}`),
]

async function guestOf(server, token) {
  const client = await Client.connect(server, { auth: false })
  client.send({ type: 'auth', delegation: token })
  await client.frames.find(one => one.type === 'ready', 'a ready frame')
  return client
}

/// The last kinds of what a client knows, without what only the running process tells.
const kept = client => client.events().map(one => one.event).filter(one => /^(multi_step|step)\./.test(one.kind))

describe('a guest\'s turn goes on where it was killed', () => {
  for (const point of points)
    test(point, async () => {
      const server = await Server.start()
      try {
        const made = (await server.request('POST', '/api/delegations', { body: { title: 'Call', durationsMins: [30], maxBookings: 5 } })).json
        const token = made.url.split('/d/')[1]
        const free = (await request(server.url, 'GET', '/api/delegations/public/slots?durationMins=30',
          { headers: { authorization: `Delegation ${token}` } })).json.items
        await server.restart({ PERIN_CRASH_AT: point })
        const before = await guestOf(server, token)
        const { conversationId, turnId } = await before.chat(
          `Please book a meeting at ${free[2].start}. I am Gustav Klein, gustav@example.org.`)
        assert.equal((await server.ended).signal, 'SIGKILL', 'the point is reached')
        await server.restart()
        const client = await guestOf(server, token)
        await client.subscribe(conversationId, 0)
        await client.end(turnId, { ms: 20_000 })
        await client.event('multi_step.complete', { ms: 20_000 })
        const ended = client.events(turnId).at(-1)
        const bookings = (await server.request('GET', `/api/delegations/${made.id}`)).json.bookings
        assert.deepEqual(bookings.map(one => [one.start, one.status]), [[free[2].start, 'confirmed']])
        const file = await perin(server.data, ['calendar', 'export', 'anna@example.com'])
        assert.equal(file.stdout.match(/BEGIN:VEVENT/g).length, 1)
        const told = kept(client)
        assert.equal(told.filter(one => one.kind === 'multi_step.initiated').length, 1)
        assert.equal(told.filter(one => one.kind === 'multi_step.complete').length, 1)
        const begun = told.filter(one => one.kind === 'step.start').map(one => one.stepId)
        assert.deepEqual(begun, [...new Set(begun)], 'each step begins once')
        assert.equal(begun.length, 9)
        assert.ok(ended)
        await client.close()
      } finally {
        await server.close()
      }
    })
})
