import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopbackUrl } from '../../config/index.ts';
import { publicAccess } from '../../platform/access/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { type DevelopmentMailbox, escapeHtml } from '../../platform/mail/index.ts';

/**
 * Mail of a development server, newest first. The route does not exist in production mode, and answers the machine itself only:
 * these mails hold sign-in links.
 */
export function developmentMailRoutes(app: FastifyInstance, mailbox: DevelopmentMailbox): void {
  app.get(
    '/dev/mail',
    {
      config: {
        access: publicAccess(
          'development only, from the machine itself only: mail that was not sent anywhere',
        ),
      },
      schema: { hide: true },
    },
    async (request, reply) => {
      if (!isOfThisMachine(request)) throw new Problem('route.not_found');
      const mails = await mailbox.list();
      const body =
        mails.length === 0
          ? '<p>No mail yet. Add a user or register, then reload this page.</p>'
          : mails.map(letter).join('');
      return reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-store')
        .header(
          'content-security-policy',
          "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        )
        .send(
          '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
            `<meta name="color-scheme" content="light dark"><title>Development mailbox</title></head><body><main><h1>Development mailbox</h1>${body}</main></body></html>`,
        );
    },
  );
}

/** What proxies add of their own; whatever the value is, somebody stands in between. */
const FORWARDING = /^(forwarded|via|x-real-ip|x-forwarded-.+)$/;

/**
 * SECURITY: a proxy on this machine brings strangers in from a loopback address, and a page whose name was rebound to one
 * (DNS rebinding) reads what its browser can reach: neither passes for somebody who sits here.
 */
function isOfThisMachine({ clientAddress, headers, raw }: FastifyRequest): boolean {
  // No browser speaks HTTP/1.0; nginx does, to what stands behind it, and adds no header unless it is told to.
  const isForwarded = raw.httpVersion !== '1.1' || Object.keys(headers).some((name) => FORWARDING.test(name));
  const address = `http://${headers.host ?? ''}`;
  return (
    /^(127\.|::1$)/.test(clientAddress) && !isForwarded && URL.canParse(address) && isLoopbackUrl(address)
  );
}

function letter(mail: { to: string; subject: string; text: string; at: string }): string {
  const text = escapeHtml(mail.text).replaceAll(
    /https?:&#47;&#47;\S+|https?:\/\/\S+/g,
    (url) => `<a href="${url}">${url}</a>`,
  );
  return `<article><h2>${escapeHtml(mail.subject)}</h2><p>To ${escapeHtml(mail.to)}, <time datetime="${mail.at}">${mail.at}</time></p><p>${text.replaceAll('\n', '<br>')}</p></article><hr>`;
}
