/// An OpenAI-compatible model service that answers as a test scripts it.
///
/// A script is a function of a call. A test queues scripts with `next(...)`; when the queue is empty
/// `otherwise` answers, which says `model says: <the user's last message>`.
import http from 'node:http'
import { Record, within } from './harness.mjs'

/// One request to the model service, and the answer to it.
export class Call {
  constructor(number, message, answer, body) {
    this.number = number
    this.headers = message.headers
    this.path = message.url
    this.body = body
    this.answer = answer
    this.open = true
    this.closed = new Promise(done => answer.once('close', () => {
      this.open = false
      done()
    }))
  }

  get stream() {
    return this.body?.stream === true
  }

  get lastUserMessage() {
    return this.body.messages.findLast(one => one.role === 'user').content
  }

  begin() {
    if (this.answer.headersSent) return
    this.answer.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    this.answer.flushHeaders()
    this.chunk({ role: 'assistant', content: '' })
  }

  chunk(delta, finish = null, extra = {}) {
    this.event(JSON.stringify({
      id: `chatcmpl-${this.number}`, object: 'chat.completion.chunk', created: 1_700_000_000, model: 'scripted',
      choices: [{ index: 0, delta, finish_reason: finish }], ...extra,
    }))
  }

  event(data) {
    this.raw(`data: ${data}\n\n`)
  }

  raw(data) {
    if (!this.answer.headersSent) this.answer.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    if (this.open) this.answer.write(data)
  }

  delta(text) {
    this.begin()
    this.chunk({ content: text })
  }

  /// Ends the streamed answer as the service does.
  done({ finish = 'stop', usage } = {}) {
    this.begin()
    this.chunk({}, finish)
    if (usage) this.event(JSON.stringify({ id: `chatcmpl-${this.number}`, object: 'chat.completion.chunk', choices: [], usage }))
    this.event('[DONE]')
    this.answer.end()
  }

  json(status, body, headers = {}) {
    this.answer.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    this.answer.end(JSON.stringify(body))
  }

  message(message, finish, usage) {
    this.json(200, {
      id: `chatcmpl-${this.number}`, object: 'chat.completion', created: 1_700_000_000, model: 'scripted',
      choices: [{ index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: finish }],
      ...(usage ? { usage } : {}),
    })
  }

  /// The connection is lost.
  cut() {
    this.answer.destroy()
  }
}

/// Says the pieces, each as one delta, whether the call asks for a stream or not.
export function says(pieces, options = {}) {
  const list = [pieces].flat()
  return call => {
    if (!call.stream) return call.message({ content: list.join('') }, options.finish ?? 'stop', options.usage)
    for (const piece of list) call.delta(piece)
    call.done(options)
  }
}

/// The test leads: it takes the call with `calls.find` or `call(n)` and answers itself.
export function held() {}

/// Says the pieces as deltas that stay apart: each is sent when `client` has seen the one before.
export async function tell(call, client, turnId, pieces) {
  for (const [place, piece] of pieces.entries()) {
    const from = client.frames.items.length
    call.delta(piece)
    await client.event('text.delta', { turnId, from, fits: one => one.text === piece }).catch(why => {
      throw new Error(`piece ${place}, ${JSON.stringify(piece)}: ${why.message}`)
    })
  }
}

/// Asks for tools: `[{id, name, arguments}]`.
export function asksFor(tools) {
  return call => call.message({
    tool_calls: tools.map(one => ({
      id: one.id, type: 'function', function: { name: one.name, arguments: typeof one.arguments === 'string' ? one.arguments : JSON.stringify(one.arguments) },
    })),
  }, 'tool_calls')
}

export function fails(status, error = { message: 'scripted', type: 'server_error', param: null, code: null }, headers) {
  return call => call.json(status, { error }, headers)
}

export class ModelServer {
  calls = new Record()
  #queue = []
  #sockets = new Set()

  static async start() {
    const model = new ModelServer()
    model.reset()
    model.server = http.createServer((message, answer) => model.#take(message, answer))
    model.server.on('connection', socket => {
      model.#sockets.add(socket)
      socket.on('close', () => model.#sockets.delete(socket))
      socket.on('error', () => {})
    })
    await new Promise(done => model.server.listen(0, '127.0.0.1', done))
    model.url = `http://127.0.0.1:${model.server.address().port}/v1`
    return model
  }

  /// Forgets scripts and calls.
  reset() {
    this.#queue = []
    this.calls = new Record()
    this.otherwise = call => says(['model says: ', call.lastUserMessage])(call)
  }

  next(...scripts) {
    this.#queue.push(...scripts)
  }

  /// The call of that number, from 0; waits for it.
  call(number = 0, ms) {
    return this.calls.until(all => all.length > number, () => `model call ${number}`, { ms }).then(all => all[number])
  }

  get count() {
    return this.calls.items.length
  }

  async #take(message, answer) {
    const pieces = []
    answer.on('error', () => {})
    try {
      for await (const piece of message) pieces.push(piece)
    } catch {
      return
    }
    let body = null
    try {
      body = JSON.parse(Buffer.concat(pieces).toString('utf8'))
    } catch {
      // A test that looks at it finds null.
    }
    const call = new Call(this.count, message, answer, body)
    const script = this.#queue.shift() ?? this.otherwise
    this.calls.push(call)
    if (script !== held) await script(call)
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy()
    await within(new Promise(done => this.server.close(done)), 'the model server to close')
  }
}
