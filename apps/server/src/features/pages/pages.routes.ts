import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { publicAccess } from '../../platform/access/index.ts';
import { randomSecret } from '../../platform/crypto/index.ts';
import type { Deps } from '../deps.ts';
import { developmentMailRoutes } from './development-mail.routes.ts';

const SIGN_IN = [
  '/signin',
  '/signin/second-factor',
  '/signin/link',
  '/signin/mail',
  '/signin/mail-link',
  '/signin/enrol',
  '/register',
  '/register/confirm',
  '/set-password',
  '/forgot-password',
  '/reset-password',
  '/verify-email',
  '/confirm-email',
  '/invitation',
  '/setup',
  '/locked',
  '/signed-out',
];
const CONSOLE = [
  '/',
  '/users',
  '/invitations',
  '/customers',
  '/connections',
  '/connections/:id/trial',
  '/audit',
  '/sessions',
  '/settings',
  '/reference',
];
const NONCE = '__CSP_NONCE__';
// SECURITY: the sign-in bundle also runs under Trusted Types; the console's styles library sets markup for its style sheet.
const TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types 'none'";

/** The built pages. They are the same for everybody; what they show comes over the API, with the caller's own rights. */
export const pagesRoutes: FastifyPluginAsync<{ deps: Deps }> = async (app, { deps }) => {
  const { consoleDir } = deps;
  await app.register(fastifyStatic, {
    root: join(consoleDir, 'assets'),
    prefix: '/assets/',
    index: false,
    immutable: true,
    maxAge: '365d',
    // One route that is declared, with names that carry their content's hash.
    serve: false,
  });
  app.get<{ Params: { '*': string } }>(
    '/assets/*',
    { config: { access: publicAccess('scripts and styles of the pages') }, schema: { hide: true } },
    (request, reply) =>
      reply.header('cross-origin-resource-policy', 'same-origin').sendFile(request.params['*']),
  );
  serve(SIGN_IN, page(consoleDir, 'signin.html'), TRUSTED_TYPES);
  serve(CONSOLE, page(consoleDir, 'index.html'), '');
  if (deps.mailbox) developmentMailRoutes(app, deps, deps.mailbox);

  function serve(paths: string[], html: string, more: string): void {
    for (const path of paths) {
      app.get(
        path,
        { config: { access: publicAccess('a page; its data comes over the API') }, schema: { hide: true } },
        (_request, reply) => sendPage(reply, html, more),
      );
    }
  }
};

/** The page for an address that nothing answers to, for whoever comes there in a browser: of the sign-in bundle, which needs nobody to be signed in. */
export function notFoundPage(consoleDir: string): (reply: FastifyReply) => FastifyReply {
  const html = page(consoleDir, 'signin.html');
  return (reply) => sendPage(reply, html, TRUSTED_TYPES);
}

function page(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch (error) {
    throw new Error(
      `The pages are not built (${name} is missing in ${dirname(join(folder, name))}): run npm run build.`,
      { cause: error },
    );
  }
}

function sendPage(reply: FastifyReply, html: string, more: string) {
  const nonce = randomSecret(16).toString('base64url');
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header(
      'content-security-policy',
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; ` +
        `connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'${more}`,
    )
    .send(html.replaceAll(NONCE, nonce));
}
