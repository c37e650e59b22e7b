/// What clients and operators see of a database that fails and comes back (docs/operations.md).
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { databaseUrl, perin, Server, temporaryFolder, within } from './harness.mjs'

const onServer = Boolean(process.env.PERIN_TEST_DATABASE_URL)
/// How long the database is away; readiness needs some seconds to show it.
const outage = Number(process.env.PERIN_E2E_OUTAGE_MS || 15_000)

const status = async (server, what) => (await server.get(`/api/health/${what}`, { token: '' })).status

/// Asks until the answer fits.
async function until(fits, what, ms = 30_000) {
  const end = Date.now() + ms
  for (;;) {
    if (await fits()) return
    assert.ok(Date.now() < end, `waited ${ms} ms in vain for ${what}`)
    await new Promise(done => setTimeout(done, 100))
  }
}

async function turn(client, message, extra) {
  const { turnId } = await client.chat(message, extra)
  await client.end(turnId)
}

/// The outage from begin to end: what a server shows and refuses meanwhile, and that afterwards all is as it was.
async function goesThrough(server, { away, back, during = async () => {} }) {
  const conversationId = 'cnv_through-it-all'
  const client = await server.connect()
  await turn(client, 'before', { conversationId })
  assert.equal(await status(server, 'ready'), 200)

  const gone = Date.now()
  await away()
  // Whoever writes is told so, in time and by its name; whoever is connected stays so.
  const refused = await client.ask({ type: 'chat.send', message: 'meanwhile', conversationId })
  assert.deepEqual([refused.type, refused.code], ['error', 'unavailable'])
  await until(async () => (await status(server, 'ready')) === 503, 'readiness to show it')
  assert.equal(await status(server, 'live'), 200)
  await during()
  await client.settle()
  const rest = outage - (Date.now() - gone)
  if (rest > 0) await new Promise(done => setTimeout(done, rest))
  assert.equal(await status(server, 'ready'), 503)

  await back()
  await until(async () => (await status(server, 'ready')) === 200, 'readiness to show that it is back')
  await turn(client, 'after', { conversationId })
  const { messages } = (await server.get(`/api/conversations/${conversationId}`)).json
  const said = messages.filter(one => one.role === 'user').map(one => one.text ?? one.content)
  assert.deepEqual(said.filter(one => one !== 'meanwhile'), ['before', 'after'])
  assert.equal((await perin(server.data, ['db', 'check'])).code, 0)
}

describe('the embedded database', { skip: onServer }, () => {
  test('whose file may not be written goes on when it may again', async () => {
    const server = await Server.start()
    try {
      const limit = octets => execFileSync('prlimit', ['--pid', String(server.process.pid), `--fsize=${octets}:unlimited`])
      await goesThrough(server, { away: () => limit(1), back: () => limit('unlimited') })
      assert.match(server.log, /store\.stalled/)
      assert.match(server.log, /store\.back/)
    } finally {
      await server.close()
    }
  })
})

/// What stands between a server and its database.
class Proxy {
  #sockets = new Set()

  static async to(url) {
    const proxy = new Proxy()
    proxy.target = { host: url.hostname, port: Number(url.port) }
    await proxy.open(0)
    proxy.port = proxy.listener.address().port
    return proxy
  }

  async open(port = this.port) {
    this.listener = net.createServer(client => {
      const server = net.connect(this.target)
      for (const [from, to] of [[client, server], [server, client]]) {
        this.#sockets.add(from)
        from.on('error', () => to.destroy())
        from.on('close', () => { this.#sockets.delete(from); to.destroy() })
        from.pipe(to)
      }
    })
    this.listener.listen(port, '127.0.0.1')
    await once(this.listener, 'listening')
  }

  /// Nobody is there any more.
  async close() {
    const closed = new Promise(done => this.listener.close(done))
    for (const socket of this.#sockets) socket.destroy()
    await within(closed, 'the proxy to close')
  }
}

describe('a database server', { skip: !onServer }, () => {
  let proxy, data, server
  before(async () => {
    data = temporaryFolder()
    const url = new URL(databaseUrl(data))
    proxy = await Proxy.to(url)
    url.port = String(proxy.port)
    server = await Server.start({ data, env: { DATABASE_URL: url.href } })
  })
  after(async () => {
    await server?.close()
    await proxy?.close()
  })

  test('that is gone for a while holds up nobody longer than that', async () => {
    await goesThrough(server, { away: () => proxy.close(), back: () => proxy.open() })
  })

  test('that is gone when a server starts is told, and the server does not start', async () => {
    await proxy.close()
    const other = new URL(databaseUrl(data))
    other.port = String(proxy.port)
    const done = await perin(data, ['serve'], { env: { DATABASE_URL: other.href, PERIN_LISTEN: '127.0.0.1:0', PERIN_ADMIN_LISTEN: '127.0.0.1:0' } })
    await proxy.open()
    assert.notEqual(done.code, 0)
    assert.match(done.stderr, /cannot be reached/)
  })

  test('without a connection left is told as that, and serves again when it has one', async () => {
    const psql = statement => execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', process.env.PERIN_TEST_DATABASE_URL, '-c', statement])
    const name = new URL(databaseUrl(data)).pathname.slice(1)
    await until(async () => (await status(server, 'ready')) === 200, 'readiness')
    psql(`ALTER DATABASE ${name} CONNECTION LIMIT 0`)
    psql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
    await until(async () => (await status(server, 'ready')) === 503, 'readiness to show it')
    assert.equal(await status(server, 'live'), 200)
    const refused = await server.get('/api/conversations')
    assert.equal(refused.status, 503, refused.text)
    assert.match(refused.text + server.log, /no connection left/)
    psql(`ALTER DATABASE ${name} CONNECTION LIMIT -1`)
    await until(async () => (await status(server, 'ready')) === 200, 'readiness to show that it is back')
    assert.equal((await server.get('/api/conversations')).status, 200)
  })
})
