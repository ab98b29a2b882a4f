// How long the first and the thousandth page of a list take, by cursor, the way every client goes.
import { PASSWORD } from '../seed/people.mjs';
import { PERSON, PUBLIC_URL } from './subjects.mjs';

const PAGES = 1000;
const LOOKS = 20;
/** What a page has where nobody says how many. */
const USUAL = 50;

/** The lists that grow without bound; of the largest tenant, and of all tenants. Milliseconds, one for each look. */
export async function measureLists(context, subject, { people, tenants, admin }) {
  const { host, port } = subject.address;
  const base = `http://${host}:${port}/api/v1`;
  const large = await signIn(base, admin, PASSWORD);
  const platform = await signIn(base, PERSON.email, PERSON.password);
  const inLargest = Math.floor(people / 10);
  const measured = [];
  for (const [what, path, cookie, rows] of [
    ['users by name', '/users?', large, inLargest],
    ['users by address', '/users?sort=email&', large, inLargest],
    ['users, newest first', '/users?sort=-createdAt&', large, inLargest],
    ['memberships', '/memberships?', large, inLargest],
    ['audit records', '/audit?', large, inLargest],
    ['audit records of one action', '/audit?action=login&', large, inLargest],
    ['tenants by name', '/tenants?', platform, tenants],
  ]) {
    const limit = Math.max(1, Math.min(USUAL, Math.floor(rows / PAGES)));
    const last = Math.min(PAGES, Math.floor(rows / limit));
    context.report.progress(`  ${last} pages of ${limit}: ${what}`);
    const get = async (cursor) => {
      const url = `${base}${path}limit=${limit}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const started = performance.now();
      const response = await fetch(url, { headers: { cookie } });
      const body = await response.json();
      const took = performance.now() - started;
      if (response.status !== 200) throw new Error(`${url}: ${response.status} ${JSON.stringify(body)}`);
      return { took, body };
    };
    let cursor;
    for (let page = 1; page < last; page += 1) {
      const next = (await get(cursor)).body.nextCursor;
      if (next === null) throw new Error(`${what} ends at page ${page}`);
      cursor = next;
    }
    const look = async (at) => {
      const times = [];
      for (let n = 0; n < LOOKS; n += 1) times.push((await get(at)).took);
      return times;
    };
    const ordinal = last === PAGES ? 'thousandth' : `${last}th`;
    measured.push({
      ordinal,
      what: `${what} (${limit} each)`,
      first: await look(undefined),
      last: await look(cursor),
    });
  }
  return measured;
}

async function signIn(base, email, password) {
  const response = await fetch(`${base}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: PUBLIC_URL },
    body: JSON.stringify({ email, password }),
  });
  if (response.status !== 200)
    throw new Error(`sign-in as ${email}: ${response.status} ${await response.text()}`);
  return response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
}
