export { mailboxLink, mailboxUrl } from './development-mail.routes.ts';
export { pagesRoutes } from './pages.routes.ts';
