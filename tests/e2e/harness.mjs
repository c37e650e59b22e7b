/// Starts the real program, talks to it as its clients do, and cleans up behind itself. Nothing here sleeps:
/// whatever is waited for is awaited with a bound.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'

const here = dirname(fileURLToPath(import.meta.url))

export const binary = process.env.PERIN_BINARY || resolve(here, '../../build/dev/perin')

/// The bound of a wait that should take no time, in ms: generous, for sanitizers and busy machines.
export const patience = Number(process.env.PERIN_E2E_PATIENCE_MS || 30_000)

// ------------------------------------------------------------------------------------- waiting

/// `promise`, or an error that names `what` after `ms`.
export function within(promise, what, ms = patience) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${describe(what)}`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function describe(what) {
  return typeof what === 'function' ? what() : what
}

/// Things in the order in which they came; a test awaits the first that fits, past or coming.
export class Record {
  items = []
  #waiting = new Set()
  #ended = null

  push(item) {
    this.items.push(item)
    for (const check of [...this.#waiting]) check()
  }

  /// Whoever still waits is told that nothing more comes.
  end(why) {
    this.#ended ??= why
    for (const check of [...this.#waiting]) check()
  }

  /// The first item from index `from` on for which `fits`.
  async find(fits, what = 'an item', { from = 0, ms = patience } = {}) {
    let next = from
    let check
    const found = new Promise((done, fail) => {
      check = () => {
        for (; next < this.items.length; ++next) if (fits(this.items[next])) return done(this.items[next])
        if (this.#ended) fail(new Error(`no ${describe(what)} before ${this.#ended}; got ${this.tail()}`))
      }
      this.#waiting.add(check)
      check()
    })
    return within(found, () => `${describe(what)}; got ${this.tail()}`, ms).finally(() => this.#waiting.delete(check))
  }

  /// Resolves when `holds(items)`.
  until(holds, what, options) {
    if (holds(this.items)) return Promise.resolve(this.items)
    return this.find(() => holds(this.items), what, { from: this.items.length, ...options }).then(() => this.items)
  }

  tail() {
    return JSON.stringify(this.items.slice(-6)).slice(0, 1_500)
  }
}

// ---------------------------------------------------------------------------------- processes

const children = new Set()
const folders = new Set()

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  for (const data of databases.keys()) dropDatabaseOf(data)
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'perin-e2e-'))
  folders.add(folder)
  return folder
}

const databases = new Map()

function psql(statement) {
  execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', process.env.PERIN_TEST_DATABASE_URL, '-c', statement])
}

/// With `PERIN_TEST_DATABASE_URL`, a PostgreSQL server where databases may be made, each folder has one of its own
/// there; without, the embedded one.
export function databaseOf(data, template) {
  if (!process.env.PERIN_TEST_DATABASE_URL) return {}
  if (!databases.has(data)) {
    const name = basename(data).toLowerCase().replace(/[^a-z0-9]/g, '_') + '_' + process.pid
    psql(`CREATE DATABASE ${name}` + (template ? ` TEMPLATE ${databases.get(template).name}` : ''))
    const url = new URL(process.env.PERIN_TEST_DATABASE_URL)
    url.pathname = '/' + name
    databases.set(data, { name, env: { DATABASE_URL: url.href, PERIN_SECRET: 'e2e'.repeat(16) } })
  }
  return databases.get(data).env
}

function dropDatabaseOf(data) {
  const made = databases.get(data)
  if (made) psql(`DROP DATABASE ${made.name} WITH (FORCE)`)
  databases.delete(data)
}

/// The URL of a folder's database, for a server that is to reach it some other way; nothing for the embedded one.
export function databaseUrl(data) {
  return databaseOf(data).DATABASE_URL
}

/// A new folder with all that is kept in another one, which no server runs on.
export function copyOf(data) {
  const made = temporaryFolder()
  cpSync(data, made, { recursive: true })
  databaseOf(made, data)
  return made
}

/// What the program sees: nothing of the developer's own settings.
function environment(data, extra) {
  const kept = Object.entries(process.env).filter(([name]) =>
    /^(PATH|LANG|LC_\w+|TMPDIR|LD_LIBRARY_PATH|\w+SAN_OPTIONS)$/.test(name))
  return { ...Object.fromEntries(kept), HOME: data, TZ: 'UTC', PERIN_DATA: data, ...databaseOf(data), ...extra }
}

export function launch(file, args, options) {
  const child = spawn(file, args, options)
  children.add(child)
  child.ended = new Promise(done => {
    child.once('error', why => done({ code: null, signal: null, why }))
    child.once('close', (code, signal) => done({ code, signal }))
  }).finally(() => children.delete(child))
  return child
}

/// Runs a command of the program to its end.
export async function perin(data, args, { input = '', env = {}, ms = patience } = {}) {
  const child = launch(binary, args, { env: environment(data, env), stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', text => (stderr += text))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  try {
    const { code, signal, why } = await within(child.ended, `the end of perin ${args.join(' ')}`, ms)
    if (why) throw why
    return { code, signal, stdout, stderr }
  } finally {
    child.kill('SIGKILL')
  }
}

async function mustRun(data, args, options) {
  const done = await perin(data, args, options)
  assert.equal(done.code, 0, `perin ${args.join(' ')}: ${done.stderr}`)
  return done.stdout.trim()
}

export const password = 'correct horse battery'

/// One data folder with its users, and the server on it.
export class Server {
  #env
  #limits
  users = {}

  /// `model`: base URL of the model service; without it the offline assistant answers. `limits`: rate limits hold.
  constructor({ model, limits = false, env = {}, data = temporaryFolder() } = {}) {
    this.data = data
    this.#limits = limits
    this.#env = {
      PERIN_LISTEN: '127.0.0.1:0',
      PERIN_ADMIN_LISTEN: '127.0.0.1:0',
      ...(limits ? {} : { PERIN_LIMITS: 'off' }),
      ...(model ? { OPENAI_BASE_URL: model, OPENAI_API_KEY: 'sk-e2e' } : {}),
      ...env,
    }
  }

  /// A server that runs, with a user for each name, and each user's token in `users[name].token`.
  static async start({ users = ['anna'], ...options } = {}) {
    const server = new Server(options)
    for (const name of users) await server.addUser(name)
    return server.start()
  }

  async addUser(name, args = []) {
    const email = `${name}@example.com`
    await mustRun(this.data, ['user', 'add', email, '--name', name, ...args], { input: `${password}\n` })
    const token = await mustRun(this.data, ['token', 'create', email])
    assert.match(token, /^\S+$/, 'token create prints the token alone')
    this.users[name] = { email, token, name }
    return this.users[name]
  }

  get token() {
    return Object.values(this.users)[0].token
  }

  async start(env = {}) {
    assert.ok(existsSync(binary), `there is no program at ${binary}; build it, or set PERIN_BINARY`)
    this.log = ''
    this.process = launch(binary, ['serve'], {
      env: environment(this.data, { ...this.#env, ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process.stderr.setEncoding('utf8').on('data', text => (this.log = (this.log + text).slice(-20_000)))
    const lines = new Record()
    createInterface({ input: this.process.stdout }).on('line', line => lines.push(line))
    this.process.ended.then(end => lines.end(`the server ended with ${JSON.stringify(end)}: ${this.log}`))
    const form = /^perin listening on (http:\/\/\S+) admin (http:\/\/\S+) node (\S+)$/
    const ready = await lines.find(line => form.test(line), 'ready line')
    ;[, this.url, this.admin, this.node] = form.exec(ready)
    return this
  }

  get port() {
    return Number(new URL(this.url).port)
  }

  /// How the process ended: `{code, signal}`.
  get ended() {
    return this.process.ended
  }

  async crash() {
    this.process.kill('SIGKILL')
    await within(this.ended, 'the end of the killed server')
  }

  async restart(env) {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.crash()
    return this.start(env)
  }

  /// As an operator stops it; what it keeps stays for another start.
  async stop() {
    this.process.kill('SIGTERM')
    return within(this.ended, 'the end of the drained server', 40_000)
  }

  /// Ends it at once and removes its folder.
  async close() {
    if (this.process) {
      this.process.kill('SIGKILL')
      await within(this.ended, 'the end of the server')
    }
    rmSync(this.data, { recursive: true, force: true })
    dropDatabaseOf(this.data)
    folders.delete(this.data)
  }

  /// What failed because the server died says so.
  async #explained(doing) {
    try {
      return await doing
    } catch (why) {
      if (!/^ECONN/.test(why.code)) throw why
      // Its end may be told a moment after that of its connections.
      const end = await within(this.ended, '', 2_000).catch(() => undefined)
      if (!end) throw why
      throw new Error(`the server has ended with ${end.signal ?? end.code}: ${this.log.slice(-2_000)}`, { cause: why })
    }
  }

  request(method, path, options = {}) {
    return this.#explained(request(this.url, method, path, { token: this.token, ...options }))
  }

  get(path, options) {
    return this.request('GET', path, options)
  }

  post(path, body, options) {
    return this.request('POST', path, { body, ...options })
  }

  delete(path, options) {
    return this.request('DELETE', path, options)
  }

  connect(options = {}) {
    return this.#explained(Client.connect(this, { token: this.token, ...options }))
  }
}

// --------------------------------------------------------------------------------------- HTTP

/// An answer whose body is read as it comes.
export class Answer {
  text = ''
  #pieces = new Record()
  #decoder = new TextDecoder()

  constructor(message) {
    this.message = message
    this.status = message.statusCode
    this.headers = message.headers
    message.on('data', piece => {
      this.text += this.#decoder.decode(piece, { stream: true })
      this.#pieces.push(piece.length)
    })
    message.on('end', () => this.#end('its end'))
    message.on('error', why => this.#end(`its failure (${why.code})`))
    message.on('close', () => this.#end('its close'))
  }

  #end(how) {
    this.how ??= how
    this.#pieces.push(0)
    this.#pieces.end(how)
  }

  /// Resolves when the body so far fits.
  async until(holds, what = 'text') {
    const fits = typeof holds === 'function' ? holds : text => text.includes(holds)
    await this.#pieces.until(() => fits(this.text), () => `${what} in the body ${JSON.stringify(this.text.slice(-500))}`)
    return this.text
  }

  /// The whole body.
  async whole(ms = patience) {
    await this.#pieces.until(() => this.how !== undefined, 'the end of the body', { ms })
    assert.equal(this.how, 'its end', 'the body ended as it should')
    return this.text
  }

  get json() {
    return JSON.parse(this.text)
  }

  drop() {
    this.message.destroy()
  }
}

/// Sends a request; resolves with the answer at its head. `body`: a string as it is, else sent as JSON.
export async function open(base, method, path, { token, body, headers = {}, ms = patience, localAddress } = {}) {
  const sent = { ...headers }
  const has = name => Object.keys(sent).some(key => key.toLowerCase() === name)
  if (token && !has('authorization')) sent.Authorization = `Bearer ${token}`
  const payload = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  if (payload !== undefined && !has('content-type')) sent['Content-Type'] = 'application/json'
  if (payload !== undefined && !has('content-length')) sent['Content-Length'] = Buffer.byteLength(payload)
  let call
  const answered = new Promise((done, fail) => {
    const { hostname, port } = new URL(base)
    call = http.request({ hostname, port, path, method, headers: sent, agent: false, localAddress })
    call.on('response', message => done(new Answer(message)))
    call.on('error', fail)
    call.end(payload)
  })
  try {
    return await within(answered, `an answer to ${method} ${path}`, ms)
  } catch (why) {
    call.destroy()
    throw why
  }
}

/// Sends a request and reads the whole answer.
export async function request(base, method, path, options) {
  const answer = await open(base, method, path, options)
  await answer.whole(options?.ms)
  return answer
}

/// Checks an answer to be the problem body of `protocol.md`, Errors.
export function assertProblem(answer, status, code, { pointer, parameter } = {}) {
  assert.equal(answer.status, status, answer.text)
  assert.match(answer.headers['content-type'], /^application\/problem\+json/)
  const problem = answer.json
  assert.equal(problem.type, 'about:blank')
  assert.equal(problem.status, status)
  assert.equal(problem.code, code)
  assert.equal(typeof problem.title, 'string')
  assert.equal(typeof problem.detail, 'string')
  assert.equal(problem.requestId, answer.headers['x-request-id'])
  if (pointer !== undefined) assert.equal(problem.pointer, pointer)
  if (parameter !== undefined) assert.equal(problem.parameter, parameter)
  return problem
}

/// The events of an SSE body: `{id, event, data}`, data parsed.
export function sseEvents(text) {
  return text.split('\n\n').slice(0, -1).map(block => {
    const fields = {}
    for (const line of block.split('\n')) {
      const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line)
      if (name) fields[name] = name in fields ? `${fields[name]}\n${value}` : value
    }
    return fields
  }).filter(one => one.data !== undefined).map(one => ({ ...one, data: JSON.parse(one.data) }))
}

/// The last message of a conversation as a chat request.
export function chatBody(message, extra = {}) {
  return { messages: [{ role: 'user', content: message }], ...extra }
}

// ---------------------------------------------------------------------------------- WebSocket

/// A client of `/ws`; all frames are kept in the order in which they came.
export class Client {
  frames = new Record()
  #next = 0

  /// `token` goes with the upgrade, unless `auth` is false. Resolves once the socket is open.
  static async connect(server, { token, auth = true, headers = {}, ready = auth } = {}) {
    const client = new Client()
    client.socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, 'perin.v1', {
      headers: { ...(auth && token ? { Authorization: `Bearer ${token}` } : {}), ...headers },
      maxPayload: 64 * 1024 * 1024,
    })
    client.closed = new Promise(done => {
      client.socket.on('close', (code, reason) => {
        client.frames.end(`the close with ${code}`)
        done({ code, reason: reason.toString() })
      })
    })
    client.socket.on('message', (data, binary) => {
      client.frames.push(binary ? { type: 'binary' } : JSON.parse(data.toString()))
    })
    const opened = new Promise((done, fail) => {
      client.socket.once('open', () => done(null))
      client.socket.once('error', fail)
      client.socket.once('unexpected-response', (_, message) => done(new Answer(message)))
    })
    const refused = await within(opened, 'the WebSocket to open')
    client.socket.on('error', () => {})
    if (refused) {
      client.refusal = refused
      await refused.whole()
      client.socket.terminate()
      return client
    }
    if (ready) client.ready = await client.frames.find(one => one.type === 'ready', 'a ready frame')
    return client
  }

  send(frame) {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /// Sends `frame` with a fresh `requestId` and resolves with what answers it.
  ask(frame) {
    const requestId = `r${++this.#next}`
    const from = this.frames.items.length
    this.send({ requestId, ...frame })
    return this.frames.find(one => one.requestId === requestId, `an answer to ${frame.type}`, { from })
  }

  async accepted(frame) {
    const answer = await this.ask(frame)
    assert.equal(answer.type, 'accepted', JSON.stringify(answer))
    return answer
  }

  async refused(frame, code) {
    const answer = await this.ask(frame)
    assert.equal(answer.type, 'error', JSON.stringify(answer))
    assert.equal(answer.code, code, JSON.stringify(answer))
    assert.equal(typeof answer.detail, 'string')
    return answer
  }

  chat(message, extra = {}) {
    return this.accepted({ type: 'chat.send', message, ...extra })
  }

  subscribe(conversationId, afterSeq) {
    return this.accepted({ type: 'conversation.subscribe', conversationId, ...(afterSeq === undefined ? {} : { afterSeq }) })
  }

  /// The first event of that kind (and turn, where given).
  event(kind, { turnId, fits = () => true, from = 0, ms } = {}) {
    const wanted = one => one.type === 'event' && one.event.kind === kind &&
      (!turnId || one.turnId === turnId) && fits(one.event)
    return this.frames.find(wanted, `an event ${kind} of ${turnId ?? 'any turn'}`, { from, ms })
  }

  /// The event that ends the turn.
  end(turnId, options = {}) {
    const wanted = one => one.type === 'event' && one.turnId === turnId && endsTurn(one)
    return this.frames.find(wanted, `the end of turn ${turnId}`, options)
  }

  /// The event frames so far, of one turn or all.
  events(turnId, from = 0) {
    return this.frames.items.slice(from).filter(one => one.type === 'event' && (!turnId || one.turnId === turnId))
  }

  /// The server has dealt with all that was sent before.
  async settle() {
    const pong = await this.ask({ type: 'ping', t: 1 })
    assert.equal(pong.type, 'pong')
  }

  close() {
    this.socket.terminate()
    return within(this.closed, 'the close')
  }
}

export function endsTurn(frame) {
  return frame.event.kind === 'turn.completed' || frame.event.kind === 'turn.failed'
}

export function textOf(frames) {
  return frames.filter(one => one.event.kind === 'text.delta').map(one => one.event.text).join('')
}

/// `seq` rises by one; a merged delta begins with its `fromSeq`.
export function assertContiguous(frames, afterSeq) {
  let last = afterSeq ?? (frames[0].fromSeq ?? frames[0].seq) - 1
  for (const one of frames) {
    const first = one.fromSeq ?? one.seq
    assert.equal(first, last + 1, `event ${JSON.stringify(one).slice(0, 300)} follows ${last}`)
    assert.ok(one.seq >= first)
    last = one.seq
  }
  return last
}

// ---------------------------------------------------------------------------------- raw TCP

/// A plain socket; `received` grows as octets come.
export class RawSocket {
  received = ''
  #pieces = new Record()

  static async connect(port) {
    const raw = new RawSocket()
    raw.socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    raw.socket.setNoDelay(true)
    raw.socket.on('data', piece => {
      raw.received += piece.toString('latin1')
      raw.#pieces.push(piece.length)
    })
    const over = how => {
      raw.over ??= how
      raw.#pieces.push(0)
    }
    raw.socket.on('end', () => over('end'))
    raw.socket.on('close', () => over('close'))
    raw.socket.on('error', why => over(why.code))
    await within(new Promise((done, fail) => {
      raw.socket.once('connect', done)
      raw.socket.once('error', fail)
    }), 'a connection')
    return raw
  }

  write(data) {
    if (!this.socket.destroyed) this.socket.write(data)
  }

  until(holds, what, ms = patience) {
    return this.#pieces.until(() => holds(this), () => `${what}; received ${JSON.stringify(this.received.slice(-300))}`, { ms })
  }

  close() {
    this.socket.destroy()
  }
}

/// A module of a package of ours that is run and not imported.
export const resolveModule = createRequire(import.meta.url).resolve
