// The load driver: a process of its own on the core that the measured server does not use. Takes jobs over
// IPC, one at a time, and keeps its signed-in browsers between them.
import { openBrowser, openCrowd } from './browser.mjs';
import { runClosedLoop, startStorm } from './closed-loop.mjs';
import { runOpenLoop } from './open-loop.mjs';
import { runPacedLoop } from './paced-loop.mjs';

const subject = JSON.parse(process.argv[2]);
let signedIn = [];
let crowds = [];

const jobs = {
  /** Signs browsers in one after the other, or hands them cookies that were planted in the database. */
  async 'sign in'({ browsers, cookies }) {
    for (const browser of signedIn) browser.close();
    signedIn = [];
    for (let index = 0; index < browsers; index += 1) {
      const browser = openBrowser(subject.address);
      if (cookies) browser.jar.set(cookies[index].name, cookies[index].value);
      else {
        const response = await browser.send(subject.login.request);
        if (response.status !== subject.login.expect) {
          throw new Error(`sign-in answered ${response.status}: ${response.body.slice(0, 300)}`);
        }
      }
      signedIn.push(browser);
    }
    return { browsers: signedIn.length };
  },

  /** People whose cookies were planted, over so many connections; each renews once, which is what this costs. */
  async 'plant crowd'({ people, connections }) {
    for (const crowd of crowds) crowd.close();
    crowds = Array.from({ length: connections }, (_, at) =>
      openCrowd(
        subject.address,
        people.filter((_person, number) => number % connections === at),
      ),
    );
    const { request, expect } = subject.renewal;
    await Promise.all(
      crowds.map(async (crowd) => {
        for (let n = 0; n < crowd.count; n += 1) {
          const response = await crowd.send(request);
          if (response.status !== expect)
            throw new Error(
              `a planted session was answered ${response.status}: ${response.body.slice(0, 300)}`,
            );
        }
      }),
    );
    return { answers: people.length };
  },

  async 'closed by crowd'({ action, seconds }) {
    const template = subject[`${action} by crowd`] ?? subject[action];
    return runClosedLoop({ ...template, browsers: crowds, seconds });
  },

  /** With a `greeting` the browsers connect one after the other: many at once are not dealt out evenly among worker processes. */
  async closed({ action, seconds, browsers, greeting }) {
    return withBrowsers(action, browsers, async (used) => {
      await greet(used, greeting);
      return runClosedLoop({ ...subject[action], browsers: used, seconds });
    });
  },

  async paced({ action, seconds, browsers, perSecond, greeting }) {
    return withBrowsers(action, browsers, async (used) => {
      await greet(used, greeting);
      return runPacedLoop({ ...subject[action], browsers: used, seconds, perSecond });
    });
  },

  async open({ action, seconds, perSecond }) {
    return withBrowsers(action, signedIn.length, (used) =>
      runOpenLoop({ ...subject[action], browsers: used, seconds, perSecond }),
    );
  },

  async 'open under storm'({ action, seconds, perSecond, clients }) {
    const storm = startStorm({ ...subject.login, browsers: strangers(clients) });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const measured = await jobs.open({ action, seconds, perSecond });
    return { ...measured, storm: storm.stop() };
  },

  async once({ action }) {
    const response = await withBrowsers(action, 1, ([browser]) => browser.send(subject[action].request));
    return { status: response.status, cookies: response.cookies, head: response.head, body: response.body };
  },
};

// Connections are dialled anew for each job: between jobs a server may have closed an idle one.
async function withBrowsers(action, count, use) {
  const browsers = subject[action].anonymous ? strangers(count) : signedIn.slice(0, count);
  try {
    return await use(browsers);
  } finally {
    for (const browser of browsers) browser.close();
  }
}

async function greet(browsers, greeting) {
  if (greeting === undefined) return;
  for (const browser of browsers) await browser.send(greeting);
}

function strangers(count) {
  return Array.from({ length: count }, () => openBrowser(subject.address));
}

process.on('message', async ({ job, ...options }) => {
  try {
    process.send({ result: await jobs[job](options) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
