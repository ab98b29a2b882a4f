import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { callbackify } from 'node:util';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '@gatehouse/testing';
import { startServer, tokenIn, type TestServer } from '../../../test/server.fixture.ts';
import { newId, ROOT_TENANT } from '../ids.ts';
import { createSmtpTransport, MailServerAway } from './mail.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A real SMTP peer that keeps what it takes, envelope and all. */
async function startSmtp(options: { refuse?: () => boolean; port?: number; hangUpOn?: string } = {}) {
  const taken: { to: string[]; mail: Email }[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, done) =>
      done(
        options.refuse?.()
          ? Object.assign(new Error(`<${address}> mailbox busy`), { responseCode: 450 })
          : null,
      ),
    // Acknowledged when it has been read whole; what cannot be read is refused.
    onData: callbackify(async (stream: SMTPServerDataStream, session: SMTPServerSession) => {
      const mail = await PostalMime.parse(await buffer(stream));
      if (session.envelope.rcptTo.some(({ address }) => address === options.hangUpOn)) {
        const { connections } = smtp as unknown as { connections: Set<{ id: string; close(): void }> };
        for (const connection of connections) if (connection.id === session.id) connection.close();
        return;
      }
      taken.push({ to: session.envelope.rcptTo.map((rcpt) => rcpt.address), mail });
    }),
  });
  smtp.listen(options.port ?? 0, '127.0.0.1');
  await once(smtp.server, 'listening');
  const stop = () => new Promise<void>((resolve) => smtp.close(() => resolve()));
  closing.push(stop);
  const { port } = smtp.server.address() as AddressInfo;
  return { taken, port, stop, url: `smtp://127.0.0.1:${port}` };
}

async function start(url: string, onSend: () => void = () => undefined): Promise<TestServer> {
  const clock = createFakeClock();
  const transport = createSmtpTransport(url, 'Gatehouse <no-reply@example.com>');
  const gatehouse = await startServer({
    clock,
    mailTransport: {
      send: (mail, id) => {
        onSend();
        return transport.send(mail, id);
      },
      close: () => transport.close(),
    },
  });
  closing.push(() => gatehouse.close());
  return gatehouse;
}
const register = (gatehouse: TestServer, email: string, name = 'Grace') =>
  gatehouse
    .browser()
    .post('/api/v1/auth/register', { email, password: 'Good-Pass-1', name, tenantName: 'Grace & Sons' });

describe('mail over SMTP', () => {
  it('does not wait for a server that takes the connection and says nothing', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    closing.push(() => new Promise((resolve) => silent.close(() => resolve())));
    const { port } = silent.address() as AddressInfo;
    const short = { connectionTimeout: 200, greetingTimeout: 200, socketTimeout: 200 };
    const transport = createSmtpTransport(
      `smtp://127.0.0.1:${port}`,
      'Gatehouse <no-reply@example.com>',
      short,
    );
    closing.push(async () => transport.close());
    const sending = transport.send({ to: 'a@example.com', subject: 's', text: 't', html: 'h' }, 'an-id');
    await expect(sending).rejects.toThrow(MailServerAway);
  }, 5000);

  it('arrives as text and HTML, at the one stored address, with a link that works', async () => {
    const smtp = await startSmtp();
    const gatehouse = await start(smtp.url);
    await register(gatehouse, 'grace@example.com', 'Grace <script>');
    await gatehouse.deliverMail();
    const [first] = smtp.taken;
    expect(first?.to).toEqual(['grace@example.com']);
    expect(first?.mail.from).toMatchObject({ address: 'no-reply@example.com', name: 'Gatehouse' });
    expect(first?.mail.html).not.toContain('<script>');
    const token = tokenIn({ text: first?.mail.text ?? '' });
    const confirmed = await gatehouse
      .browser()
      .post('/api/v1/auth/register/confirm', { token, password: 'Good-Pass-1' });
    expect(confirmed.status).toBe(200);
  });

  it('is tried again with growing pauses while the peer refuses, and delivered once', async () => {
    let busy = true;
    const smtp = await startSmtp({ refuse: () => busy });
    const gatehouse = await start(smtp.url);
    await register(gatehouse, 'grace@example.com');
    await gatehouse.server.deps.outbox.dispatch();
    const [waiting] = await gatehouse.sql<{
      attempts: number;
      last_error: string;
      delivered_at: Date | null;
    }>('select attempts, last_error, delivered_at from gatehouse.outbox');
    expect(waiting).toMatchObject({ attempts: 1, delivered_at: null });
    expect(waiting?.last_error).toContain('mailbox busy');
    expect(waiting?.last_error).not.toContain('grace');
    expect(await gatehouse.server.deps.outbox.dispatch()).toBe(0);
    busy = false;
    gatehouse.clock.advance({ seconds: 6 });
    expect(await gatehouse.server.deps.outbox.dispatch()).toBe(1);
    gatehouse.clock.advance({ hours: 2 });
    expect(await gatehouse.server.deps.outbox.dispatch()).toBe(0);
    expect(smtp.taken).toHaveLength(1);
  });

  it('waits while nobody takes mail for an hour, and then all of it leaves, each once and in order; nobody else notices', async () => {
    const smtp = await startSmtp();
    await smtp.stop();
    let tried = 0;
    const gatehouse = await start(smtp.url, () => (tried += 1));
    const people: string[] = [];
    const looks: number[] = [];
    const answers: number[] = [];
    const ready: number[] = [];
    for (let second = 0; second < 3600; second += 5) {
      // Every five minutes somebody registers, and somebody else wants the link again.
      if (second % 300 === 0)
        for (const email of [`person-${second}@example.com`, 'grace@example.com']) {
          answers.push((await register(gatehouse, email)).status);
          people.push(email);
        }
      const before = tried;
      expect(await gatehouse.server.deps.outbox.dispatch()).toBe(0);
      if (tried > before) looks.push(second);
      if (second % 600 === 0) ready.push((await gatehouse.browser().get('/health/ready')).status);
      gatehouse.clock.advance({ seconds: 5 });
    }
    expect(new Set(answers)).toEqual(new Set([202]));
    expect(ready).toEqual([200, 200, 200, 200, 200, 200]);
    expect(looks.slice(0, 7)).toEqual([0, 5, 15, 35, 75, 135, 195]);
    expect(looks.length).toBeLessThan(70);
    const waiting = await gatehouse.sql<{ attempts: number; failed_at: Date | null }>(
      'select distinct attempts, failed_at from gatehouse.outbox where delivered_at is null',
    );
    expect(waiting).toEqual([{ attempts: 0, failed_at: null }]);
    const back = await startSmtp({ port: smtp.port });
    gatehouse.clock.advance({ minutes: 1 });
    await gatehouse.deliverMail();
    const ofGrace = back.taken.filter(({ to }) => to[0] === 'grace@example.com');
    const made = await gatehouse.sql<{ id: string }>('select id from gatehouse.outbox order by id');
    const sorted = (list: (string | undefined)[]) =>
      list.toSorted((x, y) => String(x).localeCompare(String(y)));
    const ids = (mails: typeof back.taken) => mails.map(({ mail }) => mail.messageId);
    expect(sorted(ids(back.taken))).toEqual(made.map(({ id }) => `<${id}@gatehouse>`));
    expect(sorted(back.taken.map(({ to }) => to[0]))).toEqual(sorted(people));
    expect(ids(ofGrace)).toEqual(sorted(ids(ofGrace)));
    gatehouse.clock.advance({ hours: 3 });
    await gatehouse.deliverMail();
    expect(back.taken).toHaveLength(made.length);
  });

  it('that one mail cannot be got through for does not keep the others', async () => {
    const smtp = await startSmtp({ hangUpOn: 'mallory@example.com' });
    const gatehouse = await start(smtp.url);
    await register(gatehouse, 'mallory@example.com');
    await register(gatehouse, 'grace@example.com');
    await gatehouse.deliverMail();
    expect(smtp.taken.map(({ to }) => to[0])).toEqual(['grace@example.com']);
    const [waiting] = await gatehouse.sql<{ attempts: number }>(
      'select attempts from gatehouse.outbox where delivered_at is null',
    );
    expect(waiting).toEqual({ attempts: 1 });
  });

  it('keeps its payload sealed in the database, and not at all once it is delivered', async () => {
    const smtp = await startSmtp();
    const gatehouse = await start(smtp.url);
    await register(gatehouse, 'grace@example.com');
    const payload = async () =>
      (await gatehouse.sql<{ payload_sealed: string }>('select payload_sealed from gatehouse.outbox'))[0]
        ?.payload_sealed;
    expect(await payload()).toMatch(/^v1\./);
    expect(await payload()).not.toContain('grace');
    await gatehouse.deliverMail();
    expect(await payload()).toBe('');
  });

  it('that the release before has left in the outbox leaves after the update', async () => {
    const smtp = await startSmtp();
    const gatehouse = await start(smtp.url);
    const { deps } = gatehouse.server;
    const id = newId();
    const mail = {
      to: 'before@example.com',
      subject: 'Set a new password',
      text: 'a link',
      html: '<p>a link</p>',
    };
    await gatehouse.sql(
      `insert into gatehouse.outbox (tenant_id, id, topic, type, payload_sealed, correlation_id, created_at, available_at)
       values ($1, $2, 'mail', 'reset_password', $3, 'c', $4, $4)`,
      [
        ROOT_TENANT,
        id,
        deps.sealer.seal(JSON.stringify(mail), `outbox ${ROOT_TENANT} ${id}`),
        deps.clock.now(),
      ],
    );
    await gatehouse.deliverMail();
    expect(smtp.taken.map(({ to, mail: { subject } }) => [to, subject])).toEqual([
      [['before@example.com'], 'Set a new password'],
    ]);
  });

  it('of two dispatchers at once is sent by one', async () => {
    const smtp = await startSmtp();
    const gatehouse = await start(smtp.url);
    await Promise.all(Array.from({ length: 10 }, (_, i) => register(gatehouse, `user${i}@example.com`)));
    await Promise.all(Array.from({ length: 5 }, () => gatehouse.server.deps.outbox.dispatch()));
    expect(smtp.taken.map(({ to }) => to[0] ?? '').toSorted((a, b) => a.localeCompare(b))).toEqual(
      Array.from({ length: 10 }, (_, i) => `user${i}@example.com`),
    );
  });
});
