/// Whole conversations about the calendar: what a person says, what is answered, and what is in the calendar then. Once
/// with the built-in assistant, and once with a model that calls the tools.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Server } from './harness.mjs'
import { asksFor, ModelServer, says } from './model_server.mjs'

const timezone = 'Europe/Vienna'

/// The working day of that number from two weeks ahead on, and as the answers spell it.
function workingDay(number) {
  const at = new Date(Date.now() + 14 * 86_400_000)
  const works = () => ![0, 6].includes(at.getUTCDay())
  for (let left = number; left > 0 || !works(); at.setUTCDate(at.getUTCDate() + 1)) if (works()) --left
  const spell = options => at.toLocaleDateString('en-GB', { timeZone: 'UTC', ...options })
  return {
    iso: at.toISOString().slice(0, 10),
    spoken: `${spell({ weekday: 'long' })} ${spell({ day: 'numeric' })} ${spell({ month: 'long' })} ${spell({ year: 'numeric' })}`,
  }
}

/// One conversation of a user.
class Talk {
  static count = 0

  static async begin(server) {
    const talk = new Talk()
    talk.conversationId = `cnv_e2e-transcript-${process.pid}-${++Talk.count}`
    talk.client = await server.connect()
    return talk
  }

  /// Says something; the answer, once the turn is complete.
  async say(message) {
    const { turnId } = await this.client.chat(message, { conversationId: this.conversationId, timezone })
    const { event } = await this.client.end(turnId)
    assert.equal(event.kind, 'turn.completed', JSON.stringify(event))
    this.tools = this.client.events(turnId).filter(one => one.event.kind === 'tool.started').map(one => one.event.name)
    return event.text
  }

  close() {
    return this.client.close()
  }
}

/// Runs `lines` of a conversation, `[said, what the answer is or matches]` each.
async function transcript(server, lines) {
  const talk = await Talk.begin(server)
  try {
    for (const [said, expected] of lines) {
      const told = await talk.say(said)
      if (expected instanceof RegExp) assert.match(told, expected, `to ${JSON.stringify(said)}`)
      else assert.equal(told, expected, `to ${JSON.stringify(said)}`)
    }
    return talk
  } finally {
    await talk.close()
  }
}

describe('the offline assistant keeps a calendar', () => {
  let server

  before(async () => {
    server = await Server.start()
  })

  after(() => server?.close())

  test('books, lists, moves and cancels', async () => {
    const { iso, spoken } = workingDay(1)
    await transcript(server, [
      [`book lunch with Anna on ${iso} at 12:00`, `Lunch with Anna is in your calendar: ${spoken}, 12:00 to 13:00.`],
      [`what do I have on ${iso}?`, new RegExp(`1\\. Lunch with Anna: ${spoken}, 12:00 to 13:00$`)],
      ['move it to 2pm', new RegExp(`^Lunch with Anna is moved to ${spoken}, 14:00 to 15:00\\.`)],
      [`what is on my calendar on ${iso}?`, new RegExp(`1\\. Lunch with Anna: ${spoken}, 14:00 to 15:00$`)],
      [`cancel lunch on ${iso}`, `I have cancelled Lunch with Anna: ${spoken}, 14:00 to 15:00.`],
      [`any meetings on ${iso}?`, /^There is nothing in your calendar/],
      ['cancel my dentist appointment', /^I found no such event in your calendar/],
    ])
  })

  test('asks for what is missing', async () => {
    const { iso, spoken } = workingDay(2)
    await transcript(server, [
      ['book a haircut', /^When shall I book it\?/],
      [`on ${iso} at 10:00 for 45 minutes`, `Haircut is in your calendar: ${spoken}, 10:00 to 10:45.`],
      [`book something on ${iso} at 16:00`, 'What shall I call it?'],
      ['tea', `Tea is in your calendar: ${spoken}, 16:00 to 17:00.`],
      ['reschedule the haircut', /^To what time shall I move it\?/],
      ['11am', new RegExp(`^Haircut is moved to ${spoken}, 11:00 to 11:45\\.`)],
    ])
  })

  test('asks back what can be meant in two ways', async () => {
    const { iso, spoken } = workingDay(3)
    await transcript(server, [
      [`schedule a call with Bob on ${iso} at 7`, /^Do you mean .*\?\n1\. .*07:00\n2\. .*19:00$/],
      ['the second one', `Call with Bob is in your calendar: ${spoken}, 19:00 to 20:00.`],
      [`book a run on ${iso} at 7`, /\?/],
      ['7 am', `Run is in your calendar: ${spoken}, 07:00 to 08:00.`],
      [`book a review on ${iso}`, /^At what time of that day\?/],
      ['9:30', `Review is in your calendar: ${spoken}, 09:30 to 10:30.`],
      ['cancel my meeting', /^Which one do you mean\?\n1\. /],
      [`the run on ${iso}`, `I have cancelled Run: ${spoken}, 07:00 to 08:00.`],
    ])
  })

  test('names what is in the way and books another time', async () => {
    const { iso, spoken } = workingDay(4)
    const talk = await transcript(server, [
      [`book a workshop on ${iso} from 10:00 to 12:00`, `Workshop is in your calendar: ${spoken}, 10:00 to 12:00.`],
      [`book a call on ${iso} at 11:00`, new RegExp(`^That time is taken by Workshop \\(${spoken}, 10:00 to 12:00\\)\\. Nothing was booked\\. These times are free:\\n1\\. `)],
      ['the first one', /^Call is in your calendar: /],
      [`book a visit on ${iso} at 11:30`, /^That time is taken/],
      ['book it anyway', `Visit is in your calendar: ${spoken}, 11:30 to 12:30.`],
    ])
    assert.deepEqual(talk.tools, ['calendar_create_solo_event'])
  })

  test('finds free time and books it', async () => {
    const { iso, spoken } = workingDay(5)
    await transcript(server, [
      [`am I free on ${iso} at 15:00?`, /^Yes\./],
      [`block ${iso} from 9:00 to 12:00 for writing`, `Writing is in your calendar: ${spoken}, 09:00 to 12:00.`],
      [`am I free on ${iso} at 10:00?`, /^No, you are not free then/],
      [`find me 30 minutes for a chat with Eve on ${iso}`, new RegExp(`^You are free at these times:\\n1\\. ${spoken}, 1[2-6]:`)],
      ['book the first one', new RegExp(`^Chat with Eve is in your calendar: ${spoken}, 1[2-6]:`)],
    ])
  })

  test('says what it cannot do', async () => {
    await transcript(server, [
      ['book lunch on 2020-01-01 at 12:00', 'That time is over already. Nothing was booked.'],
      ['schedule a standup every Monday at 9', /^I can book one event at a time here/],
      ['book dinner', /^When shall I book it\?/],
      ['never mind', 'All right. I have changed nothing in your calendar.'],
      ['what can you do?', /calendar/],
    ])
  })

  test('does what is approved, and nothing that is refused', async () => {
    const own = await Server.start({ env: { PERIN_TOOL_APPROVAL: 'calendar_cancel_event=always' } })
    const { iso, spoken } = workingDay(6)
    const talk = await Talk.begin(own)
    /// The answer to the turn that a decision began.
    const next = async (from, fits) => (await talk.client.frames.find(
      one => one.event?.kind === 'turn.completed' && fits.test(one.event.text ?? ''), `an answer like ${fits}`, { from })).event.text
    try {
      await talk.say(`book lunch on ${iso} at 12:00`)
      assert.match(await talk.say(`cancel lunch on ${iso}`), /^This needs your approval first: .*Nothing has been done yet\.$/)
      assert.match(await talk.say('what notifications do I have?'), /^One notification is open:/)
      assert.match(await talk.say('no, refuse it'), /^You have refused it/)
      await next(0, /You refused it, so nothing was done\./)
      assert.match(await talk.say(`what do I have on ${iso}?`), /Lunch/)
      assert.match(await talk.say(`cancel lunch on ${iso}`), /^This needs your approval first/)
      assert.match(await talk.say('yes'), /^You have approved it/)
      await next(0, new RegExp(`^I have cancelled Lunch: ${spoken}`))
      assert.match(await talk.say(`what do I have on ${iso}?`), /^There is nothing in your calendar/)
    } finally {
      await talk.close()
      await own.close()
    }
  })
})

describe('a model keeps a calendar with the tools', () => {
  let model
  let server

  before(async () => {
    model = await ModelServer.start()
    server = await Server.start({ model: model.url })
  })

  after(async () => {
    await server?.close()
    await model?.close()
  })

  /// The results of the tools that the model was told in its last call.
  const results = call => call.body.messages.filter(one => one.role === 'tool').map(one => JSON.parse(one.content))

  /// One turn: the model calls a tool, then answers; what the tool came to.
  async function turn(talk, message, name, args) {
    const from = model.calls.items.length
    const call = { id: `call_${from}`, name, arguments: args }
    model.next(asksFor([call]), says('nothing is left'), says('It is done as the result says.'))
    await talk.say(message)
    assert.deepEqual(talk.tools, [name])
    return results(model.calls.items.at(-1)).at(-1)
  }

  test('creates, finds, moves and cancels, and is told what can be meant in two ways', async () => {
    const { iso } = workingDay(1)
    const talk = await Talk.begin(server)
    try {
      const created = await turn(talk, `book lunch with Anna on ${iso} at noon`, 'calendar_create_solo_event', { title: 'Lunch with Anna', when: `${iso} at noon` })
      assert.equal(created.status, 'created')
      assert.equal(created.event.title, 'Lunch with Anna')
      assert.match(created.event.startLocal, new RegExp(`^${iso}T12:00:00`))
      assert.match(created.event.id, /^evt_/)

      const taken = await turn(talk, `book a call on ${iso} at 12:30`, 'calendar_create_solo_event', { title: 'Call', when: `${iso} 12:30` })
      assert.equal(taken.status, 'taken')
      assert.equal(taken.inTheWay[0].title, 'Lunch with Anna')

      const found = await turn(talk, `when am I free on ${iso}?`, 'calendar_find_time', { when: iso, durationMins: 60 })
      assert.ok(found.slots.length > 0)
      assert.ok(found.slots.every(one => !(one.start < created.event.end && created.event.start < one.end)), JSON.stringify(found.slots))

      const ambiguous = await turn(talk, `book a call on ${iso} at 7`, 'calendar_create_solo_event', { title: 'Call', when: `${iso} at 7` })
      assert.equal(ambiguous.status, 'ambiguous')
      assert.equal(ambiguous.choices.length, 2)

      const moved = await turn(talk, 'move lunch to 2pm', 'calendar_reschedule_event', { event: created.event.id, when: '2pm' })
      assert.equal(moved.status, 'moved')
      assert.match(moved.event.startLocal, new RegExp(`^${iso}T14:00:00`))
      assert.equal(moved.before.start, created.event.start)

      const cancelled = await turn(talk, 'cancel lunch', 'calendar_cancel_event', { event: 'lunch with Anna' })
      assert.equal(cancelled.status, 'cancelled')
      const listed = await turn(talk, `what do I have on ${iso}?`, 'calendar_list_events', { when: iso })
      assert.deepEqual(listed.events, [])
    } finally {
      await talk.close()
    }
  })

  test('is told what is wrong with its arguments', async () => {
    const talk = await Talk.begin(server)
    try {
      for (const [args, code] of [
        [{ title: 'x' }, 'invalid_request'],
        [{ title: 'x', when: 'some day or other' }, 'invalid_request'],
        [{ title: 'x', when: '2020-01-01T12:00:00Z' }, 'invalid_request'],
        [{ title: 'x', when: 'tomorrow at noon', end: '2020-01-01T12:00:00Z' }, 'invalid_request'],
        [{ title: 'x', when: 'tomorrow at noon', durationMins: 576_000 }, 'invalid_request'],
        [{ title: 1, when: 'tomorrow at noon' }, 'invalid_request'],
        [{ title: 'x', when: 'tomorrow at noon', userId: 'usr_other' }, 'invalid_request'],
        ['{"title":', 'invalid_request'],
      ]) {
        const { error } = await turn(talk, 'book lunch tomorrow', 'calendar_create_solo_event', args)
        assert.equal(error?.code, code, JSON.stringify(args))
        assert.ok(error.message.length > 5)
      }
      const { error } = await turn(talk, 'cancel the meeting', 'calendar_cancel_event', { event: 'evt_of-somebody-else' })
      assert.equal(error.code, 'not_found')
    } finally {
      await talk.close()
    }
  })

  test('is asked again for a short answer, with the tools', async () => {
    const { iso } = workingDay(2)
    const talk = await Talk.begin(server)
    try {
      model.next(says('a time is missing'), says('When shall I book it?'))
      await talk.say('book a haircut')
      const created = await turn(talk, `${iso} at 10`, 'calendar_create_solo_event', { title: 'Haircut', when: `${iso} at 10` })
      assert.equal(created.status, 'created')
    } finally {
      await talk.close()
    }
  })
})
