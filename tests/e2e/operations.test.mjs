/// What an operator sees: metrics, logs, traces (docs/operations.md).
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertProblem, chatBody, password, request, Server, sseEvents } from './harness.mjs'
import { asksFor, fails, ModelServer, says } from './model_server.mjs'

/// A server whose whole standard error is kept.
async function start(options) {
  const server = await Server.start(options)
  server.whole = server.log
  server.process.stderr.on('data', text => (server.whole += text))
  return server
}

/// The lines that it wrote, up to its end.
async function linesAtEnd(server) {
  await server.stop()
  return server.whole.split('\n').filter(line => line !== '')
}

/// A refusal that no retry mends.
const refuses = fails(400, { message: 'bad', type: 'invalid_request_error', param: null, code: null })

const metricsOf = server => request(server.admin, 'GET', '/metrics')

/// `{'name{labels}': number}`; each line must be one of the text format 0.0.4.
function samplesOf(text) {
  const samples = {}
  for (const line of text.trimEnd().split('\n')) {
    if (/^# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* /.test(line)) continue
    const found = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (\S+)$/.exec(line)
    assert.ok(found, `a line of the text format: ${line}`)
    assert.ok(!(found[1] in samples), `told once: ${found[1]}`)
    samples[found[1]] = found[2] === '+Inf' ? Infinity : Number(found[2])
    assert.ok(!Number.isNaN(samples[found[1]]), line)
  }
  return samples
}

/// For the tests of one `describe`: a model and a server that asks it.
function serverWithModel() {
  const here = {}
  before(async () => {
    here.model = await ModelServer.start()
    here.server = await start({ model: here.model.url })
  })
  after(async () => {
    await here.server?.close()
    await here.model?.close()
  })
  return here
}

describe('metrics', () => {
  const here = serverWithModel()

  test('are told in Prometheus\' text format, on the admin listener alone', async () => {
    const { server } = here
    const answer = await metricsOf(server)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
    const samples = samplesOf(answer.text)
    assert.ok(samples.process_resident_memory_bytes > 1_000_000)
    assert.ok(samples.process_open_fds > 3)
    assert.ok(samples.perin_actors_running > 5)
    assertProblem(await server.get('/metrics'), 404, 'not_found')
    const foreign = await request(server.admin, 'GET', '/metrics', { headers: { Host: 'evil.example.com' } })
    assertProblem(foreign, 403, 'forbidden')
  })

  test('a turn moves what belongs to it', async () => {
    const { model, server } = here
    const before = samplesOf((await metricsOf(server)).text)
    model.next(says(['one ', 'two'], { usage: { prompt_tokens: 11, completion_tokens: 22, total_tokens: 33 } }))
    const answer = await server.post('/api/ai/chat', chatBody('hello'))
    assert.equal(answer.status, 200)
    const client = await server.connect()
    const { turnId } = await client.chat('again')
    await client.end(turnId)
    await client.settle()
    const middle = samplesOf((await metricsOf(server)).text)
    await client.close()
    const grew = (name, by) =>
      assert.equal((middle[name] ?? 0) - (before[name] ?? 0), by, `${name} grew by ${by}`)
    const labels = 'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini"'
    grew('perin_turns_started_total', 2)
    grew('perin_turns_ended_total{outcome="complete"}', 2)
    grew('perin_turn_duration_seconds_count{outcome="complete"}', 2)
    grew('perin_turn_first_token_seconds_count', 2)
    grew('perin_turn_overhead_seconds_count', 2)
    grew('perin_stage_duration_seconds_count{stage="LOAD_MEMORY"}', 2)
    grew(`gen_ai_client_operation_duration_seconds_count{${labels}}`, 2)
    grew(`gen_ai_client_token_usage_sum{${labels},gen_ai_token_type="input"}`, 11)
    grew(`gen_ai_client_token_usage_sum{${labels},gen_ai_token_type="output"}`, 22)
    grew('perin_front_requests_total{route="POST /api/ai/chat",status="2xx"}', 1)
    grew('perin_front_requests_total{route="GET /ws",status="1xx"}', 1)
    grew('perin_front_frames_total{direction="in"}', 2)
    grew('perin_front_connections{kind="websocket"}', 1)
    assert.equal(middle.perin_turns_running, 0)
    assert.ok(middle.perin_journal_commits_total > before.perin_journal_commits_total)
    assert.ok(middle.perin_journal_records_total > before.perin_journal_records_total)
    assert.ok(middle['perin_front_bytes_total{direction="out"}'] > before['perin_front_bytes_total{direction="out"}'])
  })

  test('failures are told by code and category', async () => {
    const { model, server } = here
    model.next(refuses)
    const answer = await server.post('/api/ai/chat', chatBody('hello'))
    assertProblem(answer, 502, 'upstream_failed')
    const samples = samplesOf((await metricsOf(server)).text)
    assert.equal(samples['perin_turns_ended_total{outcome="failed"}'], 1)
    assert.equal(samples['perin_turns_failed_total{code="upstream_failed"}'], 1)
    const failed = Object.keys(samples).filter(name =>
      name.startsWith('gen_ai_client_operation_duration_seconds_count') && name.includes('error_type="REJECTED"'))
    assert.equal(failed.length, 1)
  })

  test('nobody can make series by asking for addresses that are not there', async () => {
    const { server } = here
    for (let i = 0; i < 20; ++i) await server.get(`/api/nothing-${i}`)
    const samples = samplesOf((await metricsOf(server)).text)
    assert.equal(Object.keys(samples).filter(name => name.includes('nothing-')).length, 0)
    assert.ok(samples['perin_front_requests_total{route="unknown",status="4xx"}'] >= 20)
  })
})

describe('logs', () => {
  test('as JSON, the lines of a turn bear its ids', async () => {
    const model = await ModelServer.start()
    const server = await start({ model: model.url, env: { PERIN_LOG_FORMAT: 'json', PERIN_LOG_LEVEL: 'debug' } })
    try {
      model.next(says('fine'), refuses)
      const good = await server.post('/api/ai/chat', chatBody('hello'), { headers: { 'X-Request-Id': 'mine-1' } })
      const bad = await server.post('/api/ai/chat', chatBody('hello'), { headers: { 'X-Request-Id': 'mine-2' } })
      assert.deepEqual([good.status, bad.status], [200, 502])
      const lines = (await linesAtEnd(server)).map(line => JSON.parse(line))
      for (const line of lines) {
        assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
        assert.match(line.level, /^(debug|info|warning|error)$/)
        assert.match(line.event, /^[a-z]+\.[a-z_]+$/)
        assert.ok(line.message.length > 0)
      }
      assert.equal(lines[0].event, 'server.started')
      assert.equal(lines.at(-1).event, 'server.stopped')
      const of = requestId => lines.filter(line => line.requestId === requestId)
      assert.deepEqual(of('mine-1').map(line => line.event).sort(),
        ['front.request', 'model.answered', 'model.called', 'turn.completed', 'turn.started'])
      assert.deepEqual(of('mine-2').map(line => line.event).sort(),
        ['front.request', 'model.called', 'model.failed', 'turn.failed', 'turn.started'])
      for (const line of of('mine-1').filter(one => one.event !== 'front.request')) {
        assert.equal(line.turnId, good.headers['x-turn-id'])
        assert.equal(line.conversationId, good.headers['x-conversation-id'])
      }
      const access = of('mine-1').find(line => line.event === 'front.request')
      assert.equal(access.route, 'POST /api/ai/chat')
      assert.equal(access.status, 200)
      assert.ok(access.durationMs > 0)
      const failed = of('mine-2').find(line => line.event === 'turn.failed')
      assert.equal(failed.level, 'warning')
      assert.equal(failed.code, 'upstream_failed')
    } finally {
      await server.close()
      await model.close()
    }
  })

  test('by default a good day is quiet', async () => {
    const server = await start({})
    try {
      assert.equal((await server.post('/api/ai/chat', chatBody('hello'))).status, 200)
      const events = (await linesAtEnd(server)).map(line => line.split(' ')[2])
      assert.deepEqual(events, ['server.started', 'server.drain', 'server.stopped'])
    } finally {
      await server.close()
    }
  })

  test('bear no text, token or password, however much is logged', async () => {
    const model = await ModelServer.start()
    const server = await start({
      model: model.url, limits: false,
      env: { PERIN_LOG_LEVEL: 'trace', DEBUG_AI: 'true', OPENAI_API_KEY: 'sk-secret-key-of-the-model' },
    })
    const secrets = ['sk-secret-key-of-the-model', password, server.token]
    /// A word that must not be seen again.
    const secret = name => {
      const word = `zz-${name}-${secrets.length}-zz`
      secrets.push(word)
      return word
    }
    try {
      const login = await server.post('/api/auth/login', { email: 'anna@example.com', password }, { token: '' })
      assert.equal(login.status, 200)
      secrets.push(login.json.token)
      const wrong = await server.post('/api/auth/login', { email: 'anna@example.com', password: secret('wrong') }, { token: '' })
      assert.equal(wrong.status, 401)
      await server.get('/api/conversations', { token: secret('bearer') })
      await server.get('/api/conversations', { token: '', headers: { Cookie: `perin_session=${secret('cookie')}` } })
      await server.get(`/login/${secret('link')}`, { token: '' })
      await server.get(`/api/memory?q=${secret('query')}`)
      await server.get(`/${secret('path')}`)
      await server.post('/api/ai/chat', `{"messages": ${secret('notjson')}`)

      model.next(says(['I say ', secret('answer')]))
      assert.equal((await server.post('/api/ai/chat', chatBody(`hello ${secret('message')}`, { tone: secret('tone') }))).status, 200)
      model.next(fails(400, { message: `bad ${secret('upstream')}`, type: secret('type'), code: secret('code') }))
      await server.post('/api/ai/chat', chatBody('hello'))
      model.next(
        asksFor([
          { id: 'call_1', name: 'memory_remember', arguments: { key: 'sister', content: secret('argument') } },
          { id: 'call_2', name: secret('tool'), arguments: { a: secret('unknown') } },
          { id: 'call_3', name: 'memory_remember', arguments: secret('broken') },
        ]),
        says(''), says(secret('planned')))
      const tooled = await server.post('/api/ai/chat', chatBody(`remember that my sister is ${secret('sister')}`),
        { headers: { Accept: 'text/event-stream' } })
      assert.ok(sseEvents(tooled.text).some(one => one.event === 'tool.result'))

      const client = await server.connect()
      client.send(secret('frame'))
      await client.refused({ type: secret('frametype') }, 'invalid_request')
      client.send({ type: 'chat.send', requestId: { text: secret('requestid') }, message: secret('wsmessage') })
      await client.event('turn.completed')
      await client.close()
      const early = await server.connect({ auth: false })
      early.send({ type: 'auth', token: secret('wstoken') })
      await early.closed

      const lines = await linesAtEnd(server)
      assert.ok(lines.some(line => line.includes(' model.called ')), 'detail is logged')
      assert.ok(lines.some(line => line.includes(' front.request ')), 'requests are logged')
      for (const word of secrets)
        assert.deepEqual(lines.filter(line => line.includes(word)), [], `no line has ${word}`)
    } finally {
      await server.close()
      await model.close()
    }
  })
})

describe('traces', () => {
  const here = serverWithModel()
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const span = '00f067aa0ba902b7'
  const told = async headers => {
    const { model, server } = here
    const number = model.count
    const answer = await server.post('/api/ai/chat', chatBody('hello'), { headers })
    assert.equal(answer.status, 200)
    return (await model.call(number)).headers.traceparent
  }

  test('a request\'s trace goes on to the model with a span of its own', async () => {
    const passed = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(await told({ traceparent: `00-${trace}-${span}-01` }))
    assert.ok(passed)
    assert.equal(passed[1], trace)
    assert.notEqual(passed[2], span)
    assert.equal(passed[3], '01')
    const again = await told({ traceparent: `00-${trace}-${span}-00` })
    assert.ok(again.startsWith(`00-${trace}-`) && again.endsWith('-00'))
    assert.notEqual(again.slice(36, 52), passed[2])
  })

  test('none is made where none came, and a malformed one is as none', async () => {
    assert.equal(await told({}), undefined)
    assert.equal(await told({ traceparent: `00-${trace}-${span}` }), undefined)
    assert.equal(await told({ traceparent: `00-${'0'.repeat(32)}-${span}-01` }), undefined)
  })
})
