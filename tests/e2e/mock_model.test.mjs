/// The same chat against a model service that is not ours: the npm package @dwmkerr/mock-llm, as a child process.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { assertContiguous, chatBody, launch, Record, request, resolveModule, Server, temporaryFolder, textOf, within } from './harness.mjs'

const path = '/v1/chat/completions'
const completion = (message, finish) => ({
  status: 200,
  content: JSON.stringify({
    id: 'chatcmpl-mock', object: 'chat.completion', created: 1_700_000_000, model: 'mock',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
    usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
  }),
})
const remember = {
  id: 'call_mock', type: 'function',
  function: { name: 'memory_remember', arguments: JSON.stringify({ key: 'standup', content: 'the standup is at nine' }) },
}

/// The last rule that matches answers.
const config = {
  streaming: { chunkSize: 4, chunkIntervalMs: 1 },
  rules: [
    { path, match: '@', response: completion({ content: 'Hello from the mock, in pieces: äöü 👋.' }, 'stop') },
    { path, match: 'body.tools', response: completion({ content: null, tool_calls: [remember] }, 'tool_calls') },
    { path, match: "body.tools && contains(body.messages[].role, 'tool')", response: completion({ content: 'nothing is left to do' }, 'stop') },
    { path, match: "body.stream && contains(body.messages[].role, 'tool')", response: completion({ content: 'I noted when your standup is.' }, 'stop') },
    {
      path, match: "contains(body.messages[-1].content, 'please fail')",
      response: { status: 400, content: JSON.stringify({ error: { message: 'no', type: 'invalid_request_error', code: null, param: null } }) },
    },
  ],
}

function freePort() {
  return new Promise((done, fail) => {
    const probe = net.createServer().on('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => done(port))
    })
  })
}

/// The package wants a number for its port: where somebody was faster, another is tried.
async function startMock() {
  const folder = temporaryFolder()
  const file = join(folder, 'mock-llm.yaml')
  // JSON is YAML too.
  writeFileSync(file, JSON.stringify(config))
  const program = join(resolveModule('@dwmkerr/mock-llm/package.json'), '../dist/main.js')
  for (let tries = 0; ; ++tries) {
    const port = await freePort()
    const child = launch(process.execPath, [program, '--config', file], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port) },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const lines = new Record()
    createInterface({ input: child.stdout }).on('line', line => lines.push(line))
    child.ended.then(() => lines.end('its end'))
    try {
      await lines.find(line => line.includes('server running on'), 'the mock model server to be ready')
      return { child, url: `http://127.0.0.1:${port}` }
    } catch (why) {
      child.kill('SIGKILL')
      if (tries === 2) throw why
    }
  }
}

let mock
let server

before(async () => {
  mock = await startMock()
  server = await Server.start({ model: `${mock.url}/v1`, env: { PERIN_MODEL: 'mock' } })
})

after(async () => {
  await server?.close()
  mock?.child.kill('SIGKILL')
  if (mock) await within(mock.child.ended, 'the end of the mock model server')
})

describe('with a model service of others', () => {
  const spoken = 'Hello from the mock, in pieces: äöü 👋.'

  test('the service is the one that was started', async () => {
    assert.equal((await request(mock.url, 'GET', '/health')).json.status, 'healthy')
  })

  test('a direct turn streams its text', async () => {
    const client = await server.connect()
    const { turnId, seq } = await client.chat('hello')
    const { event } = await client.end(turnId)
    assert.equal(event.kind, 'turn.completed', JSON.stringify(event))
    assert.equal(event.text, spoken)
    assert.equal(event.finishReason, 'stop')
    const events = client.events(turnId)
    assertContiguous(events, seq)
    assert.equal(textOf(events), spoken)
    assert.ok(events.filter(one => one.event.kind === 'text.delta').length > 1, 'the text came in pieces')
    await client.close()
  })

  test('a direct turn over HTTP is its text', async () => {
    const answer = await server.post('/api/ai/chat', chatBody('hello'))
    assert.equal(answer.status, 200)
    assert.equal(answer.text, spoken)
  })

  test('a scheduling turn plans, runs the tool, and tells what was done', async () => {
    const client = await server.connect()
    const { turnId } = await client.chat('when is my standup', { specialization: 'scheduling' })
    const { event } = await client.end(turnId)
    assert.equal(event.kind, 'turn.completed', JSON.stringify(event))
    assert.equal(event.text, 'I noted when your standup is.')
    assert.equal(event.finishReason, 'stop')
    const events = client.events(turnId).map(one => one.event)
    assert.equal(events[0].mode ?? 'tools', 'tools')
    const started = events.find(one => one.kind === 'tool.started')
    assert.deepEqual([started.callId, started.name, started.arguments],
      ['call_mock', 'memory_remember', { key: 'standup', content: 'the standup is at nine' }])
    const result = events.find(one => one.kind === 'tool.result')
    assert.deepEqual([result.callId, result.status], ['call_mock', 'ok'])
    const stages = events.filter(one => one.kind === 'stage' && one.status === 'done').map(one => one.name)
    for (const stage of ['PLANNER', 'TOOL_EXECUTION', 'RESPONDER']) assert.ok(stages.includes(stage), stages.join())
    assert.equal((await server.get('/api/ai/memory')).json.memory.standup.content, 'the standup is at nine')
    await client.close()
  })

  test('an error that comes within the stream is answered by the built-in assistant', async () => {
    const client = await server.connect()
    const { turnId } = await client.chat('please fail')
    const { event } = await client.end(turnId)
    assert.equal(event.kind, 'turn.completed', JSON.stringify(event))
    assert.equal(event.finishReason, 'fallback')
    await client.close()
  })
})
