export { invitationImportRoutes } from './import.routes.ts';
export { invitationLinksRoutes } from './invitation-links.routes.ts';
export { invitationsRoutes } from './invitations.routes.ts';
