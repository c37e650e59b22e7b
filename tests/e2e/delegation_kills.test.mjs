/// Kill -9 at every point of a booking's way: before and after each commit and each effect, at each of the times that an
/// uninterrupted run comes by there. Whatever the point, after a restart it ends as the uninterrupted run did: the same
/// history, one event, one Message-ID for each person, nothing left that holds a time.
///
/// What there is to be killed at is not written down but recorded: each way is gone once with every point that is reached
/// written to a file (runtime/crash_point.hpp), and each line of that is a cell of the table.
///
/// PERIN_KILL_LANES (3): servers that work on the table at once. PERIN_KILL_ONLY: a part of the points' names.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { patience, perin, request, Server, temporaryFolder, within } from './harness.mjs'
import { mailServer } from './mail_server.mjs'

const lanes = Number(process.env.PERIN_KILL_LANES || 3)
const only = process.env.PERIN_KILL_ONLY || ''
const actors = resolve(dirname(fileURLToPath(import.meta.url)), '../../actors')

/// `prepares` is done before the process is armed, `does` after. `mails`: whom is told what in all.
const told = ['notifying', 'notified', 'mailing', 'mailed']
const ways = [
  { name: 'a booking', does: ['book'], reaches: ['hold_taken', 'held', 'created', ...told], mails: ['guest: Booked', 'owner: Booked'] },
  { name: 'a booking that its owner approves', approval: true, does: ['book', 'approve'], decides: true,
    reaches: ['hold_taken', 'held', 'awaits', 'asking', 'asked', 'created', ...told], mails: ['guest: Booked', 'owner: Booked'] },
  { name: 'a refusal', approval: true, prepares: ['book'], does: ['refuse'], decides: true, reaches: ['refused', ...told],
    mails: ['guest: Declined'] },
  { name: 'a move', prepares: ['book'], does: ['move'], reaches: ['moved', ...told],
    mails: ['guest: Booked', 'guest: Moved', 'owner: Booked', 'owner: Moved'] },
  { name: 'a move that asks the owner again', approval: true, prepares: ['book', 'approve'], does: ['move', 'approve'], decides: true,
    reaches: ['moved', 'asking', 'asked', 'created', ...told], mails: ['guest: Booked', 'guest: Moved', 'owner: Booked', 'owner: Moved'] },
  { name: 'a cancellation', prepares: ['book'], does: ['cancel'], reaches: ['cancelled', ...told],
    mails: ['guest: Booked', 'guest: Cancelled', 'owner: Booked', 'owner: Cancelled'] },
  { name: 'a workflow that its owner calls off', approval: true, prepares: ['book'], does: ['callOff'], reaches: ['given_up'], mails: [] },
]
const everywhere = ['workflow.decided', 'workflow.committed', 'workflow.step_ran', 'calendar.decided', 'calendar.committed',
  'store.before_commit', 'store.after_commit']
/// Reached by what was begun in a conversation alone, by approvals of tools, and where a link was revoked while the server was down.
const elsewhere = ['workflow.told', 'approval.sent', 'delegation.given_back']

function reachedBy(way) {
  return [...everywhere, ...way.reaches.map(name => `delegation.${name}`),
    ...(way.decides ? ['approval.deciding', 'approval.decided', 'booking.decision_sent'] : [])]
}

async function until(ask, holds, what) {
  const end = Date.now() + patience
  for (;;) {
    const got = await ask()
    if (holds(got)) return got
    assert.ok(Date.now() < end, () => `${what}: ${JSON.stringify(got)}`)
    await new Promise(again => setTimeout(again, 10))
  }
}

// ---------------------------------------------------------------------------------------- lanes

/// A server which is told while it runs where it dies, and whose bookings are looked at together in the end.
class Lane {
  static #lanes = 0
  #cells = 0
  number = ++Lane.#lanes
  known = new Set()
  expected = []

  constructor(mails) {
    this.mails = mails
    this.armed = join(temporaryFolder(), 'crash_at')
  }

  static async start(mails) {
    const lane = new Lane(mails)
    lane.arm('')
    lane.server = await Server.start({ env: { PERIN_CRASH_AT: `@${lane.armed}`, PERIN_SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
      PERIN_MAIL_FROM: 'Perin <perin@example.net>' } })
    return lane
  }

  /// By a rename, so that the process reads no half of it.
  arm(point) {
    writeFileSync(this.armed + '.next', point)
    renameSync(this.armed + '.next', this.armed)
  }

  nextNumber() {
    return ++this.#cells
  }

  /// What the server answers to `ask`; one that died is started again, and asked again.
  async answer(ask) {
    for (const end = Date.now() + patience; ;) {
      const server = this.server
      const answer = await ask(server).catch(why => why)
      if (answer.status && answer.status !== 503) return answer
      if (!answer.status) {
        const { signal } = await within(server.ended, () => `the end of the server after ${answer.message}`)
        assert.equal(signal, 'SIGKILL', server.log)
        await this.restart()
      }
      assert.ok(Date.now() < end, () => `no answer but ${answer.text ?? answer.message}`)
    }
  }

  async restart() {
    this.arm('')
    this.crashed = true
    await this.server.restart()
  }

  owner(method, path, body) {
    return this.answer(server => request(server.url, method, path, { body, token: server.token }))
  }

  async close() {
    await this.server?.close()
  }
}

// ---------------------------------------------------------------------------------------- cells

const isoDay = at => new Date(at).toISOString().slice(0, 10)
/// Every hour of every day, so that a lane has room for many.
const always = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map(day => [day, [['00:00', '24:00']]]))

/// One way gone by one link, on a day of its own.
class Cell {
  constructor(lane, way) {
    this.lane = lane
    this.way = way
    this.number = lane.nextNumber()
    this.title = `Call ${lane.number}x${this.number}.`
    this.email = `g${lane.number}x${this.number}@example.org`
  }

  async begin() {
    const { lane } = this
    const made = await lane.owner('POST', '/api/delegations', { title: this.title, durationsMins: [30], timezone: 'UTC',
      approval: !!this.way.approval, workingHours: always, windowStart: isoDay(Date.now()), windowEnd: isoDay(Date.now() + 60 * 86_400_000) })
    assert.equal(made.status, 201, made.text)
    this.link = made.json.id
    this.token = made.json.url.split('/d/')[1]
    const day = Math.floor(Date.now() / 86_400_000) + 2 + this.number % 50
    const [from, to] = [day, day + 1].map(one => new Date(one * 86_400_000).toISOString())
    const { json } = await this.guest('GET', `/slots?from=${from}&to=${to}`)
    assert.ok(json.items.length >= 2, `${json.items.length} times are free`)
    this.times = [json.items[0].start, json.items.at(-1).start]
  }

  guest(method, path, body) {
    return this.lane.answer(server => request(server.url, method, '/api/delegations/public' + path,
      { body, headers: { authorization: `Delegation ${this.token}` } }))
  }

  async does(what) {
    for (const each of what ?? []) await this[each]()
  }

  async book() {
    const made = await this.guest('POST', '/bookings', { start: this.times[0], durationMins: 30, name: 'Gustav', email: this.email,
      timezone: 'UTC', idempotencyKey: 'once' })
    assert.equal(made.status, this.way.approval ? 202 : 201, made.text)
    this.booking = made.json.id
    this.takes = this.way.approval ? undefined : this.times[0]
  }

  async move() {
    const moved = await this.guest('PATCH', `/bookings/${this.booking}`, { start: this.times[1] })
    assert.equal(moved.status, 200, moved.text)
    this.takes = this.way.approval ? undefined : this.times[1]
    this.moved = true
  }

  async cancel() {
    const gone = await this.guest('DELETE', `/bookings/${this.booking}`)
    // The answer to the one that did it may have died with the process.
    assert.ok(gone.status === 204 || (this.lane.crashed && gone.status === 404), gone.text)
    this.takes = undefined
  }

  async approve() {
    await this.#decide('approve')
    this.takes = this.times[this.moved ? 1 : 0]
    await until(() => this.bookings(), ([one]) => one.status === 'confirmed', 'the approved booking')
  }

  async refuse() {
    await this.#decide('refuse')
    await until(() => this.bookings(), ([one]) => one.status === 'declined', 'the refused booking')
  }

  async #decide(action) {
    const open = await until(() => this.notifications(), all => all.some(one => one.status === 'open' && one.actions.includes(action)),
      'the question')
    const question = open.find(one => one.status === 'open' && one.actions.includes(action))
    const done = await this.lane.owner('POST', `/api/notifications/${question.id}/resolve`, { action })
    assert.ok(done.status === 200 || (this.lane.crashed && done.status === 409), done.text)
  }

  async callOff() {
    const [{ id }] = await this.workflows()
    const done = await this.lane.owner('POST', `/api/workflows/${id}/cancel`, {})
    assert.ok(done.status === 200 || (this.lane.crashed && done.status === 409), done.text)
  }

  /// Those that no earlier cell of the lane began, the oldest first.
  async workflows() {
    const { json } = await this.lane.owner('GET', '/api/workflows?limit=10')
    return json.items.filter(one => !this.lane.known.has(one.id)).reverse()
  }

  async notifications() {
    const { json } = await this.lane.owner('GET', '/api/notifications?limit=20')
    return json.items.filter(one => one.payload?.delegationId === this.link).reverse()
  }

  async bookings() {
    return (await this.lane.owner('GET', `/api/delegations/${this.link}`)).json.bookings
  }

  /// Where it has come to, once it has come to `states` of its workflows.
  async outcome(states) {
    const is = all => all.map(one => `${one.kind} ${one.status}`).sort()
    const resting = ['completed', 'waiting', 'cancelled', 'failed']
    const all = await until(() => this.workflows(),
      one => (states ? is(one).join() === states.join() : one.length > 0 && one.every(each => resting.includes(each.status))),
      `workflows that are ${states ?? 'at rest'}`)
    const workflows = []
    for (const { id } of all) {
      const { json } = await this.lane.owner('GET', `/api/workflows/${id}`)
      workflows.push({ kind: json.kind, status: json.status,
        steps: json.steps.map(one => `${one.stepId} ${one.status} ${one.attempts}`),
        history: json.history.map(one => [one.event, one.stepId, one.attempt, one.detail?.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')].join(' ')) })
    }
    workflows.sort((a, b) => (a.kind + a.history.length < b.kind + b.history.length ? -1 : 1))
    const link = (await this.lane.owner('GET', `/api/delegations/${this.link}`)).json
    const notifications = (await this.notifications()).map(one => `${one.type} ${one.status}`).sort()
    return { states: is(all), workflows, notifications, link: link.status, mails: this.mails().map(one => one.is).sort(),
      bookings: link.bookings.map(one => `${one.status} ${this.times.indexOf(one.start)}`) }
  }

  /// What people got, each once by its Message-ID, with how often it came.
  mails() {
    const ids = new Map()
    for (const { to, mail } of this.lane.mails.got) {
      if (!mail.subject.includes(this.title)) continue
      const known = ids.get(mail.messageId)
      const is = `${to.includes(this.email) ? 'guest' : 'owner'}: ${mail.subject.split(':')[0]}`
      if (known) assert.equal(known.is, is, 'a Message-ID is of one mail')
      ids.set(mail.messageId, { is, copies: (known?.copies ?? 0) + 1 })
    }
    return [...ids.values()]
  }

  end() {
    if (this.takes) this.lane.expected.push(`${this.title} ${this.takes}`)
  }
}

// ------------------------------------------------------------------------------------ the table

/// An uninterrupted run: what it comes to, and every point that it comes by, in order, as `name:n`.
async function record(lane, way) {
  const cell = new Cell(lane, way)
  const reached = lane.armed + '.reached'
  await cell.begin()
  await cell.does(way.prepares)
  if (way.prepares) await cell.outcome()
  rmSync(reached, { force: true })
  lane.arm('?')
  await cell.does(way.does)
  const outcome = await cell.outcome()
  lane.arm('')
  finished(lane, cell, await cell.workflows())
  const counts = new Map()
  const points = readFileSync(reached, 'utf8').trim().split('\n').map(name => {
    counts.set(name, (counts.get(name) ?? 0) + 1)
    return `${name}:${counts.get(name)}`
  })
  return { outcome, points, names: new Set(counts.keys()) }
}

function finished(lane, cell, workflows) {
  for (const one of workflows) lane.known.add(one.id)
  cell.end()
}

/// A mail may come twice, under one Message-ID, where the process dies between handing it over and writing that down. Of
/// the store's points nobody knows whose commit it was.
function mayComeTwice(points, at) {
  if (at.startsWith('store.')) return true
  const before = points.slice(0, points.indexOf(at))
  const handed = before.findLastIndex(one => one.startsWith('delegation.mailing'))
  return handed >= 0 && !points.slice(handed, before.length + 1).some(one => one.startsWith('workflow.committed'))
}

/// The same way with a kill; whether it died where it was to.
async function kill(lane, way, { outcome, points }, at) {
  const cell = new Cell(lane, way)
  await cell.begin()
  await cell.does(way.prepares)
  if (way.prepares) await cell.outcome()
  lane.crashed = false
  lane.arm(at)
  await cell.does(way.does)
  let end = await cell.outcome(outcome.states)
  const died = lane.crashed
  if (!died) {
    // It came by there less often this time: then it dies at rest.
    await lane.server.crash()
    await lane.restart()
    end = await cell.outcome(outcome.states)
  }
  assert.deepEqual(end, outcome)
  const most = mayComeTwice(points, at) ? 2 : 1
  for (const one of cell.mails()) assert.ok(one.copies <= most, `${one.copies} copies to the ${one.is}`)
  finished(lane, cell, await cell.workflows())
  return died
}

/// Names of crash points in the sources of what a booking goes through.
function namesInSources() {
  const out = new Set()
  for (const folder of ['delegation', 'workflow', 'calendar', 'notifications', 'store'])
    for (const file of readdirSync(join(actors, folder)).filter(name => name.endsWith('.cpp')))
      for (const [, name] of readFileSync(join(actors, folder, file), 'utf8').matchAll(/crash_point\("([\w.]+)"\)/g)) out.add(name)
  return out
}

describe('kill -9 at every point of a booking', () => {
  const named = new Set()
  let mails
  let pool
  before(async () => {
    mails = await mailServer()
    pool = await Promise.all(Array.from({ length: lanes }, () => Lane.start(mails)))
  })
  after(async () => {
    for (const lane of pool) await lane.close()
    await mails.close()
  })

  for (const way of ways)
    test(`${way.name} ends as without a kill`, async t => {
      const wanted = await record(pool[0], way)
      assert.deepEqual(wanted.outcome.mails, way.mails)
      for (const name of reachedBy(way)) assert.ok(wanted.names.has(name), `${name} is not reached: ${[...wanted.names]}`)
      for (const name of wanted.names) named.add(name)
      const cells = wanted.points.filter(one => one.includes(only))
      const failures = []
      let died = 0
      const work = async n => {
        for (let at = cells.shift(); at; at = cells.shift())
          try {
            if (await kill(pool[n], way, wanted, at)) ++died
          } catch (why) {
            failures.push(`at ${at}: ${why.stack}`)
            // What is left there would disturb the next cell.
            await pool[n].close()
            pool[n] = await Lane.start(mails)
          }
      }
      const all = cells.length
      await Promise.all(pool.map((_, n) => work(n)))
      assert.deepEqual(failures, [])
      t.diagnostic(`${died} of ${all} died at their point`)
      // What else the store commits meanwhile, and with what, differs from run to run.
      assert.ok(died >= all * 0.9, `${died} of ${all} died at their point`)
    })

  test('each event is in the calendar once', async () => {
    for (const lane of pool) {
      const day = ahead => isoDay(Date.now() + ahead * 86_400_000)
      const { stdout, stderr } = await perin(lane.server.data, ['calendar', 'list', 'anna@example.com', '--json', '--from', day(0), '--to', day(62)])
      const there = JSON.parse(stdout || assert.fail(stderr)).items.map(one => `${one.title.split(':')[0]} ${one.start}`)
      assert.deepEqual(there.sort(), lane.expected.sort())
    }
  })

  test('no point in the sources was left out', () => {
    const left = [...namesInSources()].filter(name => !named.has(name) && !elsewhere.includes(name))
    assert.deepEqual(left, [])
  })
})
