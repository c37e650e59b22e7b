/// Two processes on one PostgreSQL database: of all who want the same time of an owner, through whichever process,
/// exactly one has it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { chatBody, databaseOf, perin, Server, temporaryFolder } from './harness.mjs'
import { asksFor, ModelServer, says } from './model_server.mjs'

const rounds = 10
const clients = 40
const anna = 'anna@example.com'

let model
let first
let second

before(async () => {
  assert.ok(process.env.PERIN_TEST_DATABASE_URL, 'there is no server that two processes could share')
  model = await ModelServer.start()
  model.otherwise = call => {
    const { messages, tools } = call.body
    const told = messages.findLast(one => one.role === 'tool')
    if (told && tools) return says('done')(call)
    if (told) return says(JSON.parse(told.content).status)(call)
    return asksFor([{ id: 'call_a', name: 'calendar_create_solo_event',
      arguments: { title: 'Lunch', when: call.lastUserMessage, durationMins: 30 } }])(call)
  }
  first = await Server.start({ model: model.url })
  second = new Server({ model: model.url, data: temporaryFolder(), env: databaseOf(first.data) })
  second.users = first.users
  await second.start()
})

after(async () => {
  await second?.close()
  await first?.close()
  await model?.close()
})

describe('two processes on one database', () => {
  test(`of ${clients} who want the same time exactly one has it, ${rounds} times`, async () => {
    for (let round = 0; round < rounds; ++round) {
      const when = new Date(Date.UTC(2030, 11, 2 + round, 12)).toISOString().replace('.000', '')
      const answers = await Promise.all(Array.from({ length: clients }, (_, i) =>
        [first, second][i % 2].post('/api/ai/chat', chatBody(when, { specialization: 'scheduling' }))))
      const texts = answers.map(one => one.text)
      assert.deepEqual([...new Set(answers.map(one => one.status))], [200], texts.join('\n'))
      assert.equal(texts.filter(one => one === 'created').length, 1, texts.join('\n'))
      assert.equal(texts.filter(one => one === 'taken').length, clients - 1, texts.join('\n'))
    }
    const listed = await perin(first.data, ['calendar', 'list', anna, '--json', '--from', '2030-12-01', '--to', '2030-12-31'])
    assert.equal(listed.code, 0, listed.stderr)
    assert.equal(JSON.parse(listed.stdout).items.length, rounds)
    // What the one has written the other one reads.
    const beside = await perin(second.data, ['calendar', 'list', anna, '--json', '--from', '2030-12-01', '--to', '2030-12-31'], { env: databaseOf(first.data) })
    assert.equal(beside.code, 0, beside.stderr)
    assert.equal(beside.stdout, listed.stdout)
  })
})
