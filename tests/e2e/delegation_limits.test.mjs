/// How often a link's guests and its owner may ask in a minute (`protocol.md`, Headers and limits).
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertProblem, request, Server } from './harness.mjs'

const perLink = 60
const perOwner = 20

describe('limits of links', () => {
  let server
  before(async () => (server = await Server.start({ users: ['anna', 'bert'], limits: true })))
  after(() => server.close())

  const owner = (who, method, path, body) => request(server.url, method, path, { body, token: server.users[who].token })
  const make = who => owner(who, 'POST', '/api/delegations', { title: 'Call', durationsMins: [30], maxBookings: 5 })
  const guest = (headers, method = 'GET', path = '', body) =>
    request(server.url, method, '/api/delegations/public' + path, { headers, body })

  function assertLimited(answer, limit) {
    assertProblem(answer, 429, 'rate_limited')
    assert.equal(answer.headers['x-ratelimit-limit'], String(limit))
    assert.equal(answer.headers['x-ratelimit-remaining'], '0')
    const wait = Number(answer.headers['retry-after'])
    assert.ok(wait >= 1 && wait <= 60, answer.headers['retry-after'])
    const reset = Number(answer.headers['x-ratelimit-reset']) - Date.now() / 1000
    assert.ok(reset > -2 && reset < 62, `in ${reset} s`)
  }

  test(`${perLink} requests a minute by a link, whoever asks with it and whatever for`, async () => {
    const [one, other] = [(await make('anna')).json, (await make('anna')).json]
    const token = made => ({ authorization: `Delegation ${made.url.split('/d/')[1]}` })
    const page = await request(server.url, 'GET', new URL(one.url).pathname)
    const cookie = { cookie: page.headers['set-cookie'][0].split(';')[0] }
    const left = []
    for (let n = 0; n < perLink; ++n) {
      const answer = n % 3 === 2 ? await guest(token(one), 'GET', '/slots') : await guest(n % 3 ? cookie : token(one))
      assert.equal(answer.status, 200, `${n}: ${answer.text}`)
      left.push(Number(answer.headers['x-ratelimit-remaining']))
    }
    assert.deepEqual(left, Array.from({ length: perLink }, (_, n) => perLink - 1 - n))
    assertLimited(await guest(token(one)), perLink)
    assertLimited(await guest(cookie), perLink)
    const wish = { start: new Date().toISOString(), durationMins: 30, name: 'Gustav', email: 'g@example.org', timezone: 'UTC' }
    assertLimited(await guest(token(one), 'POST', '/bookings', wish), perLink)
    assertLimited(await guest({ ...cookie, origin: server.url }, 'DELETE', '/bookings/bkg_x'), perLink)
    // Neither another link of the same owner nor the owner is kept waiting by that.
    assert.equal((await guest(token(other))).status, 200)
    assert.equal((await owner('anna', 'GET', `/api/delegations/${one.id}`)).status, 200)
  })

  test(`${perOwner} requests a minute by an owner for links`, async () => {
    const answers = []
    for (let n = 0; n < perOwner; ++n) answers.push(n % 2 ? await owner('bert', 'GET', '/api/delegations') : await make('bert'))
    assert.deepEqual([...new Set(answers.map(one => one.status))].sort(), [200, 201])
    assertLimited(await make('bert'), perOwner)
    assertLimited(await owner('bert', 'GET', '/api/delegations'), perOwner)
    assertLimited(await owner('bert', 'DELETE', `/api/delegations/${answers[0].json.id}`), perOwner)
    // What is refused is not made.
    assert.equal((await owner('bert', 'GET', '/api/auth/me')).status, 200)
    assert.equal((await guest({ authorization: `Delegation ${answers[0].json.url.split('/d/')[1]}` })).status, 200)
  })
})
