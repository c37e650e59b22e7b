// Writes rrule_corpus.json: the cases of rrule_cases.mjs with what two implementations that are not ours say.
//
//   npm ci && node make_corpus.mjs
//
// Both work on the wall clock; times become moments by Node's own time zones, read as RFC 5545 section
// 3.3.5 says. Where the two disagree the case has to name the one that the RFC agrees with, or its times
// by hand, and why: else nothing is written.
import { writeFileSync } from 'node:fs';
import ICAL from 'ical.js';
import rrule from 'rrule';
import { cases } from './rrule_cases.mjs';

const day = 86_400_000;
const most_times = 400_000;

const pad = (number, size = 2) => String(number).padStart(size, '0');

/// Milliseconds of a wall clock, as if it were UTC's; `20260105`, `20260105T0900` or `20260105T090000`.
function parse(text) {
  const [, y, m, d, hour = '00', minute = '00', second = '00'] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?)?Z?$/.exec(text);
  return Date.UTC(+y, +m - 1, +d, +hour, +minute, +second);
}

function print(at, is_date = false, is_utc = false) {
  const when = new Date(at);
  const date = `${pad(when.getUTCFullYear(), 4)}${pad(when.getUTCMonth() + 1)}${pad(when.getUTCDate())}`;
  if (is_date) return date;
  const time = `${pad(when.getUTCHours())}${pad(when.getUTCMinutes())}${pad(when.getUTCSeconds())}`;
  return `${date}T${time}${is_utc ? 'Z' : ''}`;
}

const formats = new Map();

/// What the wall clock of `zone` is ahead of UTC by at a moment.
function offset_at(zone, at) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat('en-u-ca-gregory', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
      hour: 'numeric', minute: 'numeric', second: 'numeric',
    }));
  }
  const part = Object.fromEntries(formats.get(zone).formatToParts(at).map(({ type, value }) => [type, +value]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - at;
}

/// The first moment at which the wall clock shows `local`; one that is skipped by the offset before.
function to_utc(zone, local) {
  const before = offset_at(zone, local - 2 * day);
  const after = offset_at(zone, local + 2 * day);
  for (const offset of [before, after]) {
    if (offset_at(zone, local - offset) === offset) return local - offset;
  }
  return local - before;
}

/// The rule with an UNTIL of UTC put on the wall clock, for implementations that know no zones.
function localized(rule, zone) {
  return rule.replace(/UNTIL=(\d{8}T\d{6})Z/, (_, text) => {
    const at = parse(text);
    return `UNTIL=${print(at + offset_at(zone, at))}`;
  });
}

function by_rrule({ rule, start, last }) {
  const options = rrule.RRule.parseString(rule.replace(/UNTIL=(\d{8}T\d{6})(?!Z)/, 'UNTIL=$1Z'));
  const out = [];
  new rrule.RRule({ ...options, dtstart: new Date(start) }).all((at) => {
    if (at.getTime() > last) return false;
    out.push(at.getTime());
    return out.length < most_times;
  });
  return out;
}

function by_icaljs({ rule, start, last, is_date }) {
  const when = new Date(start);
  const dtstart = new ICAL.Time({
    year: when.getUTCFullYear(), month: when.getUTCMonth() + 1, day: when.getUTCDate(),
    hour: when.getUTCHours(), minute: when.getUTCMinutes(), second: when.getUTCSeconds(), isDate: is_date,
  });
  const iterator = ICAL.Recur.fromString(rule).iterator(dtstart);
  const out = [];
  for (let at = iterator.next(); at && out.length < most_times; at = iterator.next()) {
    const local = Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second);
    if (local > last) break;
    out.push(local);
  }
  return out;
}

/// The start is the first of its series and counts as that (section 3.3.10, COUNT).
function with_start(times, start, rule) {
  if (times[0] === start) return times;
  const count = /COUNT=(\d+)/.exec(rule);
  return [start, ...times].slice(0, count ? +count[1] : undefined);
}

const unique = (times) => [...new Set(times)].sort((a, b) => a - b);

function expected_of(one) {
  const zoned = one.zone !== 'floating' && one.zone !== 'date';
  const zone = zoned ? one.zone : 'UTC';
  const start = parse(one.start);
  const [from, until] = [parse(one.from), parse(one.until)];
  const asked = { rule: localized(one.rule, zone), start, last: until + 2 * day, is_date: one.zone === 'date' };
  const excluded = new Set((one.excluded ?? []).map((text) => to_utc(zone, parse(text))));
  const finish = (times) => unique([...with_start(times, start, one.rule), ...(one.added ?? []).map(parse)]
    .map((local) => to_utc(zone, local)))
    .filter((at) => at >= from && at < until && !excluded.has(at))
    .map((at) => print(at, one.zone === 'date', zoned));

  const attempt = (implementation) => {
    try {
      return finish(implementation(asked));
    } catch (error) {
      return String(error);
    }
  };
  const answers = { rrule: attempt(by_rrule), 'ical.js': attempt(by_icaljs) };
  const agreed = JSON.stringify(answers.rrule) === JSON.stringify(answers['ical.js']);
  const sources = agreed ? ['rrule', 'ical.js'] : [one.trust];
  if (one.hand) return { expected: one.hand, sources: ['RFC 5545'], answers, agreed, needs: !one.note };
  return { expected: agreed ? answers.rrule : answers[one.trust], sources, answers, agreed,
    needs: !agreed && !(one.trust && one.note) };
}

let open = 0;
const out = cases.map((one) => {
  const { expected, sources, answers, agreed, needs } = expected_of(one);
  if (needs || !Array.isArray(expected)) {
    open += 1;
    console.error(`${one.name}: ${one.rule} from ${one.start} in ${one.zone}\n` +
      Object.entries(answers).map(([by, says]) => `  ${by}: ${String(says).slice(0, 400)}`).join('\n'));
  }
  if (agreed && one.trust) console.error(`${one.name}: both agree, and the case says otherwise`);
  return {
    name: one.name, rule: one.rule, start: one.start, zone: one.zone,
    from: print(parse(one.from), false, true), until: print(parse(one.until), false, true),
    ...(one.excluded && { excluded: one.excluded }), ...(one.added && { added: one.added }),
    sources, ...((!agreed || one.hand) && one.note && { note: one.note }), expected,
  };
});

if (open > 0) {
  console.error(`${open} cases are open; nothing was written`);
  process.exit(1);
}
const lines = out.map((one) => `  ${JSON.stringify(one)}`).join(',\n');
writeFileSync(new URL('rrule_corpus.json', import.meta.url), `[\n${lines}\n]\n`);
console.log(`${out.length} cases, ${out.reduce((sum, one) => sum + one.expected.length, 0)} times`);
