export { mailboxLink, mailboxUrl } from './development-mail.routes.ts';
export { notFoundPage, pagesRoutes } from './pages.routes.ts';
