/// Confirmations of a booking, as a mail server gets them that is not ours.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { perin, request, Server, temporaryFolder } from './harness.mjs'
import { mailServer } from './mail_server.mjs'

async function until(holds, what, ms = 30_000) {
  const end = Date.now() + ms
  while (!holds()) {
    assert.ok(Date.now() < end, what)
    await new Promise(done => setTimeout(done, 20))
  }
}

const mailing = port => ({ PERIN_SMTP_URL: `smtp://127.0.0.1:${port}`, PERIN_MAIL_FROM: 'Perin <perin@example.net>' })

async function link(server, more = {}) {
  const made = await server.request('POST', '/api/delegations', { body: { title: 'Call', durationsMins: [30], ...more } })
  assert.equal(made.status, 201, made.text)
  return made.json.url.split('/d/')[1]
}
const guest = (server, token, method, path, body) =>
  request(server.url, method, '/api/delegations/public' + path, { body, headers: { authorization: `Delegation ${token}` } })
async function book(server, token, more = {}) {
  const free = (await guest(server, token, 'GET', '/slots')).json.items
  const made = await guest(server, token, 'POST', '/bookings',
    { start: free[2].start, durationMins: 30, name: 'Gustav Gast', email: 'gustav@example.com', timezone: 'UTC', ...more })
  assert.equal(made.status, 201, made.text)
  return made.json
}

test('a booking is confirmed to both by mail, with an invitation, and so is its end', async () => {
  const mails = await mailServer()
  const server = await Server.start({ env: mailing(mails.port) })
  try {
    const token = await link(server)
    const booked = await book(server, token)
    await until(() => mails.got.length === 2, 'two mails')
    const to = mails.got.map(one => one.to.join()).sort()
    assert.deepEqual(to, ['anna@example.com', 'gustav@example.com'])
    for (const one of mails.got) {
      assert.equal(one.from, 'perin@example.net')
      assert.equal(one.mail.from.text, '"Perin" <perin@example.net>')
      assert.ok(one.mail.subject.includes('Call'), one.mail.subject)
      assert.ok(one.mail.messageId.endsWith('@example.net>'), one.mail.messageId)
      const [invitation] = one.mail.attachments
      assert.equal(invitation.contentType, 'text/calendar')
      assert.match(one.source, /text\/calendar; charset=utf-8; method=REQUEST/)
      const text = invitation.content.toString()
      assert.match(text, /METHOD:REQUEST\r\n/)
      assert.ok(text.includes(`DTSTART:${booked.start.replace(/[-:]|\.000/g, '')}`) || text.includes('DTSTART;'), text)
    }
    assert.notEqual(mails.got[0].mail.messageId, mails.got[1].mail.messageId)
    assert.equal((await guest(server, token, 'DELETE', `/bookings/${booked.id}`)).status, 204)
    await until(() => mails.got.length === 4, 'two more mails')
    for (const one of mails.got.slice(2)) assert.match(one.source, /method=CANCEL/)
  } finally {
    await server.close()
    await mails.close()
  }
})

test('a mail server that is away holds nothing up, and gets the mails once it is back', async () => {
  const first = await mailServer()
  await first.close()
  const server = await Server.start({ env: mailing(first.port) })
  let mails
  try {
    const token = await link(server)
    await book(server, token)
    mails = await mailServer({ port: first.port })
    await until(() => mails.got.length === 2, 'two mails')
    const { stdout } = await perin(server.data, ['workflow', 'list', '--json'])
    const [{ id }] = JSON.parse(stdout).items
    let shown
    await until(() => true, '')
    for (let i = 0; i < 100; ++i) {
      shown = JSON.parse((await perin(server.data, ['workflow', 'show', id, '--json'])).stdout)
      if (shown.status === 'completed') break
    }
    assert.equal(shown.status, 'completed')
    assert.ok(shown.history.some(one => one.event === 'step.failed'), JSON.stringify(shown.history))
  } finally {
    await server.close()
    await mails?.close()
  }
})

test('an address that the mail server refuses keeps nothing from the other person', async () => {
  const mails = await mailServer({
    refuse: address => {
      if (address.startsWith('gustav')) throw Object.assign(new Error('no such user'), { responseCode: 550 })
    },
  })
  const server = await Server.start({ env: mailing(mails.port) })
  try {
    await book(server, await link(server))
    await until(() => mails.got.length === 1, 'the other mail')
    assert.deepEqual(mails.got[0].to, ['anna@example.com'])
  } finally {
    await server.close()
    await mails.close()
  }
})

test('what a guest writes begins no header, recipient or part of a mail', async () => {
  const mails = await mailServer()
  const server = await Server.start({ env: mailing(mails.port) })
  try {
    const token = await link(server)
    const free = (await guest(server, token, 'GET', '/slots')).json.items
    const wish = { start: free[2].start, durationMins: 30, name: 'Gustav', email: 'gustav@example.com', timezone: 'UTC' }
    for (const email of ['g@example.com\r\nBcc: v@example.com', 'g@example.com,v@example.com', '<g@example.com>'])
      assert.equal((await guest(server, token, 'POST', '/bookings', { ...wish, email })).status, 400, email)
    const name = '"><b>Gustav</b>\r\nBcc: victim@example.com\r\n\r\nDTSTART:19700101T000000Z'
    const made = await guest(server, token, 'POST', '/bookings', { ...wish, name, note: 'x\r\nATTENDEE:mailto:v@example.com' })
    if (made.status === 201) {
      await until(() => mails.got.length === 2, 'two mails')
      for (const one of mails.got) {
        assert.equal(one.mail.bcc, undefined)
        assert.equal(one.to.length, 1)
        assert.doesNotMatch(one.mail.attachments[0].content.toString(), /^(ATTENDEE:mailto:v@|DTSTART:1970)/m)
      }
    } else {
      assert.equal(made.status, 400, made.text)
    }
  } finally {
    await server.close()
    await mails.close()
  }
})

test('a sender of mail that is none is refused at the start, by the name of the setting', async () => {
  const data = temporaryFolder()
  const end = await perin(data, ['config', 'check'], { env: { PERIN_MAIL_FROM: 'nobody' } })
  assert.equal(end.code, 2, end.stderr)
  assert.match(end.stderr, /PERIN_MAIL_FROM/)
})
