/// What goes while the server runs: a user who is erased, with all that is in memory of them, and conversations past
/// their time (docs/database.md).
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { perin, request, Server, textOf, within } from './harness.mjs'
import { held, ModelServer, says } from './model_server.mjs'

let model
before(async () => { model = await ModelServer.start() })
afterEach(() => model.reset())
after(() => model?.close())

const erase = (server, name) => perin(server.data, ['erase', `${name}@example.com`, '--yes'])

describe('who is erased beside a running server', () => {
  test('has the turn cut off, the sockets closed with 1008, and comes back as a stranger', async () => {
    const server = await Server.start({ model: model.url, users: ['anna', 'bela'] })
    try {
      const conversationId = 'cnv_of-both-users'
      const bela = await server.connect({ token: server.users.bela.token })
      const before = await bela.chat('I am Bela', { conversationId })
      await bela.end(before.turnId)
      const put = await server.post('/api/ai/memory', { key: 'desk', content: 'on the third floor' })
      assert.ok(put.status < 300, put.text)

      const event = ['--title', 'Dentist', '--start', '2030-06-03T09:00:00Z', '--end', '2030-06-03T10:00:00Z']
      assert.equal((await perin(server.data, ['calendar', 'add', 'anna@example.com', ...event])).code, 0)
      const period = ['--from', '2030-06-01', '--to', '2030-06-10', '--json']
      const shown = await perin(server.data, ['calendar', 'list', 'anna@example.com', ...period])
      assert.match(shown.stdout, /Dentist/, shown.stderr)

      const sockets = [await server.connect(), await server.connect()]
      const [talking, watching] = sockets
      const first = await talking.chat('my name is Anna', { conversationId })
      await talking.end(first.turnId)
      await watching.subscribe(conversationId, 0)
      model.next(held)
      const from = model.count
      const { turnId } = await talking.chat('and who am I?', { conversationId })
      const call = await model.call(from)
      call.delta('You are ')
      await talking.event('text.delta', { turnId })

      const done = await erase(server, 'anna')
      assert.equal(done.code, 0, done.stderr)
      for (const socket of sockets) assert.equal((await within(socket.closed, 'the close')).code, 1008)
      await within(call.closed, 'the end of the call to the model')
      assert.equal((await server.get('/api/conversations')).status, 401)

      // Whoever comes under the same address and name of a conversation finds nothing of it.
      const stranger = await server.addUser('anna')
      const list = await server.get('/api/conversations', { token: stranger.token })
      assert.deepEqual(list.json.items, [])
      const memory = await server.get('/api/ai/memory', { token: stranger.token })
      assert.ok(!memory.text.includes('third floor'), memory.text)
      const calendar = await perin(server.data, ['calendar', 'list', 'anna@example.com', ...period])
      assert.equal(calendar.code, 0, calendar.stderr)
      assert.ok(!calendar.stdout.includes('Dentist'), calendar.stdout)
      // The same time is free again.
      assert.equal((await perin(server.data, ['calendar', 'add', 'anna@example.com', ...event])).code, 0)
      const fresh = await server.connect({ token: stranger.token })
      const asked = model.count
      model.next(says('I do not know.'))
      const again = await fresh.chat('who am I?', { conversationId })
      await fresh.end(again.turnId)
      assert.equal(textOf(fresh.events(again.turnId)), 'I do not know.')
      const said = JSON.stringify((await model.call(asked)).body.messages)
      assert.ok(!said.includes('my name is Anna') && !said.includes('third floor'), said)

      // The other one's of the same name went on all the time.
      const later = await bela.chat('still there?', { conversationId })
      await bela.end(later.turnId)
      const { messages } = (await server.get(`/api/conversations/${conversationId}`, { token: server.users.bela.token })).json
      assert.equal(messages.length, 4)
      assert.equal((await perin(server.data, ['db', 'check'])).code, 0)

      // Nor does a start of the server find anything to take up.
      await server.crash()
      await server.start()
      assert.ok(!server.log.includes('turns.taken_up'), server.log)
    } finally {
      await server.close()
    }
  })

  test('leaves nothing, however many messages were on their way', async () => {
    const server = await Server.start({ model: model.url, users: ['anna', 'bela'] })
    try {
      const client = await server.connect()
      let open = true
      client.closed.then(() => { open = false })
      const flood = (async () => {
        for (let i = 0; open && i < 2_000; ++i) {
          client.send({ type: 'chat.send', requestId: `f${i}`, message: `message ${i}`, conversationId: `cnv_flood-nr-${i % 50}` })
          if (i % 20 === 0) await new Promise(setImmediate)
        }
      })()
      await client.frames.find(one => one.type === 'accepted', 'an accepted message')
      const done = await erase(server, 'anna')
      assert.equal(done.code, 0, done.stderr)
      assert.equal((await within(client.closed, 'the close')).code, 1008)
      await flood
      const stranger = await server.addUser('anna')
      assert.deepEqual((await server.get('/api/conversations', { token: stranger.token })).json.items, [])
      const checked = await perin(server.data, ['db', 'check', '--json'])
      assert.deepEqual(JSON.parse(checked.stdout).findings, [])
    } finally {
      await server.close()
    }
  })
})

test('a conversation goes when nobody has touched it for as long as is configured, and is counted', async () => {
  // A day is 86,400 s.
  const days = seconds => String(seconds / 86_400)
  const server = await Server.start({
    model: model.url,
    env: { PERIN_KEEP_CONVERSATIONS_DAYS: days(1), PERIN_PASSIVATE_S: '0.2', PERIN_PRUNE_EVERY_S: '0.2' },
  })
  try {
    const client = await server.connect()
    const old = await client.chat('this is over', { conversationId: 'cnv_which-is-over' })
    await client.end(old.turnId)
    model.next(held)
    const asked = model.count
    const running = await client.chat('this goes on', { conversationId: 'cnv_which-goes-on' })
    const call = await model.call(asked)
    await client.close()
    const told = /store\.pruned .*what=conversations removed=1/
    const logged = new Promise(done => server.process.stderr.on('data', () => { if (told.test(server.log)) done() }))
    await within(logged, 'the round to be told in the log')
    const items = (await server.get('/api/conversations')).json.items.map(one => one.id)
    assert.deepEqual(items, ['cnv_which-goes-on'])
    assert.equal((await server.get('/api/conversations/cnv_which-is-over')).status, 404)
    const again = await server.connect()
    await again.subscribe('cnv_which-goes-on', 0)
    call.delta('on and on')
    call.done()
    await again.end(running.turnId)
    const { text: metrics } = await request(server.admin, 'GET', '/metrics')
    assert.match(metrics, /perin_store_pruned_total\{what="conversations"\} [1-9]/)
    assert.equal((await perin(server.data, ['db', 'check'])).code, 0)
  } finally {
    await server.close()
  }
})
