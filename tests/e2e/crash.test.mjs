/// What survives `kill -9`: `architecture.md`, Durability, and the `turn_restarted` rule of `protocol.md`.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { assertContiguous, copyOf, endsTurn, Server, textOf, within } from './harness.mjs'
import { asksFor, held, ModelServer, says, tell } from './model_server.mjs'

let model
let template
let server

/// A server on a fresh copy of a folder that has a user already.
async function startServer(env = {}) {
  const data = copyOf(template.data)
  server = new Server({ model: model.url, data, env: { PERIN_RETRY_BASE_MS: '1' } })
  server.users = template.users
  await server.start(env)
}

async function killed() {
  const { signal } = await within(server.ended, 'the crash')
  assert.equal(signal, 'SIGKILL', server.log)
}

/// Reads a conversation from `afterSeq` until `turnId` has ended.
async function readToEnd(conversationId, turnId, afterSeq = 0) {
  const client = await server.connect()
  await client.subscribe(conversationId, afterSeq)
  await client.end(turnId)
  await client.settle()
  const events = client.events(turnId)
  await client.close()
  return events
}

const isRestart = one => one.event.kind === 'notice' && one.event.code === 'turn_restarted'
const count = (events, fits) => events.filter(fits).length

/// The rules of a turn that was run again, for a reader that had seen everything up to `lastSeen`.
function assertRestarted(events, lastSeen, text) {
  assert.equal(count(events, one => one.event.kind === 'turn.started'), 0, 'turn.started does not come again')
  assert.equal(count(events, isRestart), 1)
  assert.ok(isRestart(events[0]), `first comes the notice, not ${JSON.stringify(events[0])}`)
  assert.ok(events[0].seq > lastSeen, `${events[0].seq} is higher than ${lastSeen}`)
  assertContiguous(events)
  assert.equal(textOf(events), text)
  assert.equal(count(events, endsTurn), 1)
  assert.equal(events.at(-1).event.kind, 'turn.completed')
  assert.equal(events.at(-1).event.text, text)
}

async function assertMessages(conversationId, wanted) {
  const shown = await server.get(`/api/conversations/${conversationId}`)
  assert.equal(shown.status, 200, shown.text)
  assert.deepEqual(shown.json.messages.map(one => [one.role, one.content, one.status]), wanted)
}

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

describe('kill -9', () => {
  test('during a streamed turn: a client resumes by afterSeq and gets the text from the beginning', async () => {
    await startServer()
    const client = await server.connect()
    model.next(held)
    const { turnId, conversationId } = await client.chat('tell me')
    const call = await model.call()
    await tell(call, client, turnId, ['lost ', 'words '])
    const lastSeen = client.events(turnId).at(-1).seq
    await server.crash()
    assert.ok([1006, 1001].includes((await within(client.closed, 'the close')).code))

    model.next(says(['new ', 'words ', 'in ', 'full']))
    await server.restart()
    assertRestarted(await readToEnd(conversationId, turnId, lastSeen), lastSeen, 'new words in full')
    const whole = await readToEnd(conversationId, turnId)
    assert.equal(count(whole, one => one.event.kind === 'turn.started'), 1)
    assert.equal(count(whole, endsTurn), 1)
    assert.equal(textOf(whole.slice(whole.findIndex(isRestart))), 'new words in full')
    assert.equal(model.count, 2)
    await assertMessages(conversationId, [['user', 'tell me', 'complete'], ['assistant', 'new words in full', 'complete']])
  })

  test('during a streamed turn: it is run again though nobody asks', async () => {
    await startServer()
    const client = await server.connect()
    model.next(held)
    const { conversationId } = await client.chat('tell me')
    await model.call()
    await server.crash()
    await server.restart()
    await model.call(1)
    const again = await server.connect()
    await again.subscribe(conversationId)
    await again.event('turn.completed')
    await again.close()
  })

  test('with a queue: the running turn and then the queued ones are run', async () => {
    await startServer()
    const client = await server.connect()
    model.next(held)
    const first = await client.chat('first')
    const { conversationId } = first
    await model.call()
    const second = await client.chat('second', { conversationId })
    const third = await client.chat('third', { conversationId })
    await server.crash()
    await server.restart()
    const reader = await server.connect()
    await reader.subscribe(conversationId)
    for (const { turnId } of [first, second, third]) {
      assert.equal((await reader.end(turnId)).event.finishReason, 'stop')
    }
    assert.deepEqual(reader.events().filter(endsTurn).map(one => one.turnId), [first, second, third].map(one => one.turnId))
    assert.equal(count(reader.events(), isRestart), 1)
    await reader.close()
  })

  test('twice during one turn: it still ends once', async () => {
    await startServer()
    const client = await server.connect()
    model.next(held, held)
    const { turnId, conversationId } = await client.chat('tell me')
    await model.call(0)
    await server.crash()
    await server.restart()
    const call = await model.call(1)
    const second = await server.connect()
    await second.subscribe(conversationId)
    call.delta('lost again')
    await second.event('text.delta', { turnId, fits: one => one.text === 'lost again' })
    const lastSeen = second.events(turnId).at(-1).seq
    await server.crash()
    await server.restart()
    assertRestarted(await readToEnd(conversationId, turnId, lastSeen), lastSeen, 'model says: tell me')
  })

  test('after the turn: it never runs again', async () => {
    await startServer()
    const client = await server.connect()
    const { turnId, conversationId } = await client.chat('tell me')
    await client.end(turnId)
    const live = client.events(turnId)
    await server.crash()
    await server.restart()
    const read = await readToEnd(conversationId, turnId)
    assertContiguous(read, 0)
    assert.equal(count(read, isRestart), 0)
    assert.equal(read.at(-1).seq, live.at(-1).seq)
    assert.equal(textOf(read), textOf(live))
    assert.equal(model.count, 1)
  })
})

describe('a crash', () => {
  test('at the third delta: the turn is run again from the beginning', async () => {
    await startServer({ PERIN_CRASH_AT: 'turn.delta:3' })
    const client = await server.connect()
    model.next(held)
    const { turnId, conversationId } = await client.chat('tell me')
    const call = await model.call()
    await tell(call, client, turnId, ['one ', 'two '])
    const lastSeen = client.events(turnId).at(-1).seq
    call.delta('three')
    await killed()
    model.next(says(['one ', 'two ', 'three']))
    await server.start()
    assertRestarted(await readToEnd(conversationId, turnId, lastSeen), lastSeen, 'one two three')
  })

  for (const point of ['store.before_commit', 'store.after_commit']) {
    test(`at any ${point}: an accepted message is never lost, one that was not accepted leaves nothing half`, async () => {
      const conversationId = 'cnv_e2e-crash-commit'
      const frame = { type: 'chat.send', message: 'do not lose me', conversationId, idempotencyKey: 'crash-1' }
      const outcomes = new Set()
      let crashed = true
      for (let n = 1; crashed; ++n) {
        assert.ok(n <= 40, 'a chat has no end of commits')
        model.reset()
        // What the server itself writes as it begins may be what dies.
        const up = await startServer({ PERIN_CRASH_AT: `${point}:${n}` }).then(() => true, () => false)
        const ended = server.ended.then(() => 'crashed')
        let accepted
        // A crash may come before the socket is even open.
        const client = up ? await server.connect({ ready: false }).catch(() => undefined) : undefined
        if (!up) crashed = true
        if (client) {
          client.send({ requestId: 'r', ...frame })
          const finished = client.frames.find(one => one.type === 'event' && endsTurn(one), 'the end of the turn')
            .then(() => 'finished', () => ended)
          const first = await within(Promise.race([ended, finished]), `a crash at ${point}:${n} or the end of the turn`)
          crashed = first === 'crashed'
          if (crashed) await within(client.closed, 'the close')
          accepted = client.frames.items.find(one => one.type === 'accepted')
          await client.close()
        }
        if (crashed) await killed()
        await server.restart()

        const again = await server.connect()
        const shown = await server.get(`/api/conversations/${conversationId}`)
        if (accepted) assert.equal(shown.status, 200, `${point}:${n}: what was accepted is there`)
        else outcomes.add('not accepted')
        if (shown.status === 200) {
          assert.equal(shown.json.messages[0].content, 'do not lose me', `${point}:${n}`)
        } else {
          assert.equal(shown.status, 404)
        }
        const repeated = await again.accepted(frame)
        if (accepted) assert.equal(repeated.turnId, accepted.turnId, `${point}:${n}`)
        await again.close()
        const events = await readToEnd(conversationId, repeated.turnId)
        assert.equal(count(events, one => one.event.kind === 'turn.started'), 1, `${point}:${n}`)
        assert.equal(count(events, endsTurn), 1, `${point}:${n}`)
        assert.equal(events.at(-1).event.text, 'model says: do not lose me', `${point}:${n}`)
        await assertMessages(conversationId, [
          ['user', 'do not lose me', 'complete'], ['assistant', 'model says: do not lose me', 'complete']])
        outcomes.add(accepted ? 'accepted' : 'repeated')
        await server.close()
      }
      assert.ok(outcomes.has('not accepted'), 'some crash came before the answer')
      assert.ok(outcomes.has('accepted'), 'some crash came after the answer')
    })
  }

  test('between a tool\'s effect and its result: memory_remember happened once', async () => {
    await startServer({ PERIN_CRASH_AT: 'tool.after_effect' })
    const client = await server.connect()
    const remember = { id: 'call_a', name: 'memory_remember', arguments: { key: 'colour', content: 'Anna likes teal' } }
    model.next(asksFor([remember]))
    const { turnId, conversationId } = await client.chat('keep my colour', { specialization: 'scheduling' })
    await killed()
    model.next(says('done'), says('I noted it'))
    await server.start()
    const events = await readToEnd(conversationId, turnId)
    assert.equal(events.at(-1).event.text, 'I noted it')
    const results = events.slice(events.findIndex(isRestart)).filter(one => one.event.kind === 'tool.result')
    assert.deepEqual(results.map(one => [one.event.callId, one.event.status]), [['call_a', 'ok']])
    const { memory } = (await server.get('/api/ai/memory')).json
    assert.deepEqual(Object.keys(memory), ['colour'])
    assert.equal(memory.colour.content, 'Anna likes teal')
    // The plan was on disk: the planner is not asked for it again, and sees one result.
    const planner = await model.call(1)
    assert.deepEqual(planner.body.messages.filter(one => one.role === 'tool').map(one => one.tool_call_id), ['call_a'])
    assert.equal(model.count, 3)
  })

  test('between a tool\'s effect and its result: a later write of somebody else is not undone', async () => {
    await startServer({ PERIN_CRASH_AT: 'tool.after_effect' })
    const client = await server.connect()
    model.next(asksFor([{ id: 'call_a', name: 'memory_remember', arguments: { key: 'colour', content: 'teal' } }]))
    const { turnId, conversationId } = await client.chat('keep my colour', { specialization: 'scheduling' })
    await killed()
    // The turn waits for the planner's next round while the entry is replaced, before the next crash.
    model.next(held)
    await server.start({ PERIN_CRASH_AT: '' })
    await model.call(1)
    assert.equal((await server.post('/api/ai/memory', { key: 'colour', content: 'red' })).status, 200)
    await server.crash()
    model.next(says('done'), says('I noted it'))
    await server.start()
    await readToEnd(conversationId, turnId)
    const { memory } = (await server.get('/api/ai/memory')).json
    assert.equal(memory.colour.content, 'red')
  })

  test('between a tool\'s effect and its result: memory_forget is told to have worked', async () => {
    await startServer({ PERIN_CRASH_AT: 'tool.after_effect' })
    assert.equal((await server.post('/api/ai/memory', { key: 'colour', content: 'teal' })).status, 201)
    const client = await server.connect()
    model.next(asksFor([{ id: 'call_a', name: 'memory_forget', arguments: { key: 'colour' } }]))
    const { turnId, conversationId } = await client.chat('forget my colour', { specialization: 'scheduling' })
    await killed()
    model.next(says('done'), says('I forgot it'))
    await server.start()
    const events = await readToEnd(conversationId, turnId)
    const results = events.slice(events.findIndex(isRestart)).filter(one => one.event.kind === 'tool.result')
    assert.deepEqual(results.map(one => one.event.status), ['ok'], JSON.stringify(results))
    assert.deepEqual((await server.get('/api/ai/memory')).json.memory, {})
  })
})
