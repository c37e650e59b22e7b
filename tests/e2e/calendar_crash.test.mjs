/// A turn that changes the calendar, killed at each of its crash points: what it did is there once
/// (`architecture.md`, Durability).
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { copyOf, endsTurn, perin, Server, within } from './harness.mjs'
import { asksFor, ModelServer, says } from './model_server.mjs'

let model
let template
let server

before(async () => {
  model = await ModelServer.start()
  template = new Server()
  await template.addUser('anna')
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

const anna = 'anna@example.com'
/// Noon of a day so many from today on; what is named by its title is looked for within a year.
const noonIn = days => new Date(Math.floor(Date.now() / 86_400_000 + days) * 86_400_000 + 43_200_000).toISOString().replace('.000', '')
const noon = noonIn(40)
const later = noonIn(41)
const window = ['--from', noonIn(30), '--to', noonIn(50)]

async function listed(data) {
  const end = await perin(data, ['calendar', 'list', anna, '--json', ...window])
  assert.equal(end.code, 0, end.stderr)
  return JSON.parse(end.stdout).items.map(one => `${one.title} ${one.start}`)
}

const changes = [
  { tool: 'calendar_create_solo_event', arguments: { title: 'Lunch', when: noon, durationMins: 60 }, begins: [], ends: [`Lunch ${noon}`] },
  { tool: 'calendar_reschedule_event', arguments: { event: 'lunch', when: later }, begins: ['Lunch'], ends: [`Lunch ${later}`] },
  { tool: 'calendar_cancel_event', arguments: { event: 'lunch' }, begins: ['Lunch'], ends: [] },
]
const points = ['calendar.decided', 'calendar.committed', 'tool.after_effect',
  ...[1, 2, 3, 4, 5, 6].flatMap(n => [`store.before_commit:${n}`, `store.after_commit:${n}`])]

describe('kill -9 while a tool changes the calendar', () => {
  for (const { tool, arguments: given, begins, ends } of changes) {
    test(`${tool}: it happens once, wherever the process dies`, async () => {
      let crashes = 0
      for (const point of points) {
        model.reset()
        const data = copyOf(template.data)
        for (const title of begins) {
          const added = await perin(data, ['calendar', 'add', anna, '--title', title, '--start', noon, '--end', noon.replace('T12', 'T13')])
          assert.equal(added.code, 0, added.stderr)
        }
        server = new Server({ model: model.url, data, env: { PERIN_RETRY_BASE_MS: '1' } })
        server.users = template.users
        // What the server itself writes as it begins may be what dies.
        const up = await server.start({ PERIN_CRASH_AT: point }).then(() => true, () => false)
        const conversationId = `cnv_calendar-${point.replaceAll(/[._:]/g, '-')}`
        model.next(asksFor([{ id: 'call_a', name: tool, arguments: given }]), says('done'), says('done'))
        const ended = server.ended.then(() => 'crashed')
        const frame = { type: 'chat.send', message: 'please', conversationId, specialization: 'scheduling', idempotencyKey: point }
        const client = up ? await server.connect({ ready: false }).catch(() => undefined) : undefined
        let crashed = 'crashed'
        if (client) {
          client.send({ requestId: 'r', ...frame })
          const finished = client.frames.find(one => one.type === 'event' && endsTurn(one), 'the end of the turn')
            .then(() => 'finished', () => ended)
          crashed = await within(Promise.race([ended, finished]), `a crash at ${point} or the end of the turn`)
          await client.close()
        }
        if (crashed === 'crashed') ++crashes
        else await server.crash()
        model.reset()
        // What was asked for already is on disk; a plan that is not is asked for again.
        model.otherwise = call => {
          const { messages, tools } = call.body
          if (messages.some(one => one.role === 'tool')) return says('done')(call)
          return asksFor([{ id: 'call_a', name: tool, arguments: given }])(call)
        }
        await server.start({ PERIN_CRASH_AT: '' })
        const again = await server.connect()
        const { turnId } = await again.accepted(frame)
        await again.subscribe(conversationId)
        await again.end(turnId)
        await again.close()
        assert.deepEqual(await listed(data), ends, `${tool} at ${point}`)
        await server.close()
      }
      assert.ok(crashes >= 9, `${crashes} of ${points.length} points were reached`)
    })
  }
})
