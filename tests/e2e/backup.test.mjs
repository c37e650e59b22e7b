/// An operator's tools on all data, beside a server and without one (docs/backup.md).
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { chatBody, perin, Server, temporaryFolder } from './harness.mjs'

const onServer = Boolean(process.env.PERIN_TEST_DATABASE_URL)

const emails = async data =>
  JSON.parse((await perin(data, ['user', 'list', '--json'])).stdout).items.map(one => one.email).sort()

/// One turn of the first user's; it is on disk when this returns.
async function talk(server, text) {
  const answer = await server.post('/api/ai/chat', chatBody(text))
  assert.equal(answer.status, 200)
  assert.ok(answer.text.length > 0)
}

describe('beside a server', () => {
  let server
  const files = temporaryFolder()
  before(async () => {
    server = await Server.start({ users: ['anna', 'bela'] })
    await talk(server, 'Remember that my desk is on the third floor')
  })
  after(() => server?.close())

  test('a backup is made while it answers, and is whole', async () => {
    const file = join(files, 'backup')
    const talking = Promise.all(Array.from({ length: 8 }, (_, i) => talk(server, `Message ${i}`)))
    const done = await perin(server.data, ['backup', file, '--json'])
    await talking
    assert.equal(done.code, 0, done.stderr)
    assert.deepEqual({ ...JSON.parse(done.stdout), bytes: 0, schema: 0 },
      { file, kind: onServer ? 'postgresql' : 'sqlite', secret: false, bytes: 0, schema: 0 })
    assert.match(done.stderr, /the secret is not in the backup/)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const elsewhere = temporaryFolder()
    const restored = await perin(elsewhere, ['restore', file])
    assert.equal(restored.code, 0, restored.stderr)
    assert.equal((await perin(elsewhere, ['db', 'check'])).code, 0)
    assert.deepEqual(await emails(elsewhere), ['anna@example.com', 'bela@example.com'])
  })

  test('the database is checked', async () => {
    const done = await perin(server.data, ['db', 'check', '--json'])
    assert.equal(done.code, 0, done.stderr)
    assert.deepEqual(JSON.parse(done.stdout).findings, [])
  })

  test('nothing is restored or moved', async () => {
    const file = join(files, 'other')
    assert.equal((await perin(server.data, ['backup', file])).code, 0)
    for (const command of [['restore', file, '--yes'], ['db', 'move', '--to', join(files, 'moved.db')]]) {
      const done = await perin(server.data, command)
      assert.equal(done.code, 1)
      assert.match(done.stderr, /a server runs on this data folder/)
    }
    assert.ok(!existsSync(join(files, 'moved.db')))
  })

  test('a user is exported, then erased with what the server keeps of them', async () => {
    const exported = await perin(server.data, ['export', 'anna@example.com'])
    assert.equal(exported.code, 0, exported.stderr)
    const lines = exported.stdout.trimEnd().split('\n').map(line => JSON.parse(line))
    assert.deepEqual(lines.at(-1), { end: true, rows: lines.length - 2 })
    assert.ok(lines.some(line => JSON.stringify(line).includes('third floor')))
    assert.ok(!exported.stdout.includes('argon2'))

    const unsure = await perin(server.data, ['erase', 'anna@example.com'], { input: 'bela@example.com\n' })
    assert.equal(unsure.code, 1)
    assert.equal((await server.get('/api/conversations')).status, 200)
    const done = await perin(server.data, ['erase', 'anna@example.com', '--yes'])
    assert.equal(done.code, 0, done.stderr)
    assert.equal((await server.get('/api/conversations')).status, 401)
    assert.deepEqual(await emails(server.data), ['bela@example.com'])
    assert.equal((await perin(server.data, ['export', 'anna@example.com'])).code, 1)
    assert.equal((await perin(server.data, ['db', 'check'])).code, 0)
  })
})

test('a server goes on from what was restored', async () => {
  const server = await Server.start()
  try {
    const file = join(temporaryFolder(), 'backup')
    await talk(server, 'The first message')
    assert.equal((await perin(server.data, ['backup', file])).code, 0)
    await talk(server, 'The second message')
    await server.crash()
    const restored = await perin(server.data, ['restore', file, '--yes'])
    assert.equal(restored.code, 0, restored.stderr)
    // A server's old data are not kept.
    assert.equal(existsSync(join(server.data, 'perin.db.before-restore')), !onServer)
    await server.start()
    const { json } = await server.get('/api/conversations')
    assert.deepEqual(json.items.map(one => one.title), ['The first message'])
    await talk(server, 'The third message')
  } finally {
    await server.close()
  }
})

// A server's is one transaction, which has no such points.
test('a restore that is killed leaves a database on which a server starts', { skip: onServer }, async () => {
  const server = await Server.start()
  try {
    const file = join(temporaryFolder(), 'backup')
    assert.equal((await perin(server.data, ['backup', file])).code, 0)
    await talk(server, 'Of after the backup')
    await server.stop()
    const cut = join(temporaryFolder(), 'cut')
    writeFileSync(cut, readFileSync(file).subarray(0, 10_000))
    assert.equal((await perin(server.data, ['restore', cut, '--yes'])).code, 1)
    for (const [at, count] of [['restore.prepared', 1], ['restore.kept', 1], ['restore.placed', 0]]) {
      const killed = await perin(server.data, ['restore', file, '--yes'], { env: { PERIN_CRASH_AT: at } })
      assert.equal(killed.signal, 'SIGKILL', killed.stderr)
      assert.equal((await perin(server.data, ['db', 'check'])).code, 0)
      await server.start()
      assert.equal((await server.get('/api/conversations')).json.items.length, count, at)
      await server.stop()
    }
  } finally {
    await server.close()
  }
})
