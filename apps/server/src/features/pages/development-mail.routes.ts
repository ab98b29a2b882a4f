import { Message } from '@gatehouse/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type Config, isLoopbackUrl } from '../../config/index.ts';
import { publicAccess } from '../../platform/access/index.ts';
import { isSameSecret } from '../../platform/crypto/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { DevelopmentMailbox } from '../../platform/mail/index.ts';
import type { Deps } from '../deps.ts';
import { entrancePage, mailboxPage, type MailPage } from './development-mail.pages.ts';

const PATH = '/dev/mail';
const COOKIE = '__Secure-gh.dev-mail';
const Entrance = Message({ key: Type.String({ maxLength: 100 }) });

/** The link that lets a browser in, for the operator's terminal alone; undefined where there is no development mailbox. */
export const mailboxLink = ({ config, mailbox }: Pick<Deps, 'config' | 'mailbox'>): string | undefined =>
  mailbox && `${mailboxUrl(config)}#key=${mailbox.key}`;

/** On this machine, whatever the name that others know it by (`--tls-dev`, for a phone): it answers nowhere else. */
export const mailboxUrl = ({ publicUrl, port }: Pick<Config, 'publicUrl' | 'port'>): string =>
  (isLoopbackUrl(publicUrl) ? publicUrl : `${new URL(publicUrl).protocol}//localhost:${port}`) + PATH;

/**
 * Mail of a development server, newest first. The routes do not exist in production mode. These mails hold sign-in links: they
 * are shown to a browser that came by the link of the start, on the machine itself.
 */
export function developmentMailRoutes(
  app: FastifyInstance,
  { sealer, config }: Pick<Deps, 'sealer' | 'config'>,
  mailbox: DevelopmentMailbox,
): void {
  // Of the data folder and not of the start: whoever is let in stays in while the service is rebuilt and started again.
  const pass = sealer.mac('development mailbox').toString('base64url');

  app.get(
    PATH,
    {
      config: {
        access: publicAccess('development only, for a browser let in by the link that the start prints'),
      },
      schema: { hide: true },
    },
    async (request, reply) => {
      checkOfThisMachine(request);
      if (!isSame(request.cookies[COOKIE], pass)) return send(reply.code(404), entrancePage);
      return send(reply, mailboxPage(await mailbox.list(), config.publicUrl));
    },
  );

  app.post<{ Body: { key: string } }>(
    PATH,
    {
      config: {
        access: publicAccess('development only: authenticates by the link that the start prints'),
      },
      schema: { hide: true, body: Entrance },
    },
    (request, reply) => {
      checkOfThisMachine(request);
      if (!isSame(request.body.key, mailbox.key)) throw new Problem('route.not_found');
      return reply
        .setCookie(COOKIE, pass, { path: PATH, httpOnly: true, secure: true, sameSite: 'strict' })
        .code(204)
        .send();
    },
  );
}

const isSame = (given: string | undefined, secret: string) =>
  given !== undefined && isSameSecret(Buffer.from(given), Buffer.from(secret));

const send = (reply: FastifyReply, { html, policy }: MailPage) =>
  reply.type('text/html; charset=utf-8').header('content-security-policy', policy).send(html);

/** What proxies add of their own; whatever the value is, somebody stands in between. */
const FORWARDING = /^(forwarded|via|x-real-ip|x-forwarded-.+)$/;

/**
 * SECURITY: the second lock, for a cookie that got away. A proxy that shows itself, and a name that was rebound to a loopback
 * address (DNS rebinding), are told apart here; a proxy that shows nothing cannot be, and is why there is a key (ADR 0045).
 *
 * @throws {Problem} `route.not_found`
 */
function checkOfThisMachine({ clientAddress, headers }: FastifyRequest): void {
  const isForwarded = Object.keys(headers).some((name) => FORWARDING.test(name));
  const address = `http://${headers.host ?? ''}`;
  const isHere =
    /^(127\.|::1$)/.test(clientAddress) && !isForwarded && URL.canParse(address) && isLoopbackUrl(address);
  if (!isHere) throw new Problem('route.not_found');
}
