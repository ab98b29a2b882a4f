import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type CallingPrincipal, type EnteredTenant, installAccessHook } from '../platform/access/index.ts';
import { contextOf } from '../platform/http/index.ts';
import { installLimits } from '../platform/limits/index.ts';
import { apiKeysRoutes } from './api-keys/index.ts';
import {
  auditExportRoutes,
  auditKeysRoute,
  auditRetentionRoutes,
  auditRoutes,
  auditSealRoutes,
} from './audit/index.ts';
import {
  authenticate,
  authRoutes,
  checkStepUp,
  emailRoutes,
  factorsRoutes,
  mailSignInRoutes,
  mfaRoutes,
  ownPasskeysRoutes,
  ownTenantsRoutes,
  passkeySignInRoutes,
  passwordRoutes,
  type SignedInPrincipal,
} from './auth/index.ts';
import { catalogRoutes } from './catalog/index.ts';
import { clientsRoutes } from './clients/index.ts';
import {
  acceptByProviderRoutes,
  connectionSignInRoutes,
  samlRoutes,
  connectionsRoutes,
  domainsRoutes,
  ownIdentitiesRoutes,
  pendingLinkRoutes,
  stepUpByConnectionRoutes,
  trialRoutes,
} from './connections/index.ts';
import { consentsRoutes, userConsentsRoutes } from './consents/index.ts';
import { authzenRoutes, bundleRoutes, decisionLogRoutes } from './decisions/index.ts';
import type { Deps } from './deps.ts';
import { groupMembersRoutes, groupsRoutes } from './groups/index.ts';
import { healthRoutes } from './health/index.ts';
import { introspectionRoutes, tokenRoutes } from './oauth/index.ts';
import { installOpenApi, openApiRoute } from './openapi/index.ts';
import { keysRoutes } from './keys/index.ts';
import {
  acceptByPasskeyRoutes,
  invitationImportRoutes,
  invitationLinksRoutes,
  invitationsRoutes,
} from './invitations/index.ts';
import { leaveTenantRoutes, membershipsRoutes } from './memberships/index.ts';
import { pagesRoutes } from './pages/index.ts';
import { ownDataRoutes, personalDataRoutes } from './personal-data/index.ts';
import { policiesRoutes, policyVersionsRoutes } from './policies/index.ts';
import { revocationsRoutes } from './revocations/index.ts';
import {
  effectivePermissionsRoutes,
  ownPermissionsRoutes,
  recordRefusedGrants,
  roleAssignmentsRoutes,
  rolesRoutes,
  unusedRoutes,
} from './roles/index.ts';
import { securityTxtRoutes } from './security-txt/index.ts';
import { sessionsRoutes, userSessionsRoutes } from './sessions/index.ts';
import { countRequest, logoRoutes, settingsRoutes } from './settings/index.ts';
import { servicesRoutes } from './services/index.ts';
import { serveTenantScoped } from './tenant-scoped.ts';
import { tenantsRoutes } from './tenants/index.ts';
import { ownActivityRoutes, ownProfileRoutes, usersRoutes } from './users/index.ts';

/** Hooks first, then every feature's routes: a route that is added before the access hook would not be judged by it. */
export async function installFeatures(app: FastifyInstance, deps: Deps): Promise<void> {
  installLimits(app, deps.limits, deps.metrics);
  const denied = (
    request: FastifyRequest,
    principal: CallingPrincipal,
    entered: EnteredTenant,
    reason: { permission?: string; code?: string },
  ) => {
    const resource = { type: 'route', id: routeOf(request) };
    return deps.denials.record({ principal, entered, request: contextOf(request), resource, reason });
  };
  installAccessHook(app, {
    doors: deps.doors,
    authenticate: (request) => authenticate(deps, request),
    onAuthenticated: (reply, { tenantId }) => countRequest(deps, reply, tenantId),
    onDenied: (request, principal, entered, permission) =>
      denied(request, principal, entered, { permission }),
    onMachineRefused: (request, principal, entered, code) => denied(request, principal, entered, { code }),
    onTenantRefused: (request, principal, entered) =>
      denied(request, principal, entered, { code: 'resource.not_found' }),
    checkStepUp: (principal, stepUp) => checkStepUp(deps, principal as SignedInPrincipal, stepUp),
    onAnonymousDenial: (request, code) => deps.decisions.anonymousDenial(routeOf(request), code),
    onPermitted: (request, principal, entered, permission) => {
      deps.permissionUses.note(principal.tenantId, principal.principalId, permission);
      if (!isLogged(request, principal, deps.config.readDecisionSample)) return;
      deps.decisions.decided(() => ({
        tenantId: entered.tenantId,
        principalId: principal.principalId,
        permission,
        resource: routeOf(request),
        decision: true,
        reason: reasonOf(principal),
        policyVersion: 'roles',
        correlationId: request.id,
      }));
    },
  });
  recordRefusedGrants(app, deps);
  await installOpenApi(app, deps.config);
  healthRoutes(app, deps);
  securityTxtRoutes(app, deps);
  keysRoutes(app, deps.keys);
  auditKeysRoute(app, deps.auditKeys);
  for (const routes of [
    authRoutes,
    mailSignInRoutes,
    mfaRoutes,
    factorsRoutes,
    passkeySignInRoutes,
    ownPasskeysRoutes,
    passwordRoutes,
    emailRoutes,
    ownTenantsRoutes,
    ownPermissionsRoutes,
    leaveTenantRoutes,
    invitationLinksRoutes,
    acceptByProviderRoutes,
    acceptByPasskeyRoutes,
  ])
    await app.register(routes, { prefix: '/api/v1', deps });
  for (const routes of [
    connectionSignInRoutes,
    samlRoutes,
    pendingLinkRoutes,
    ownIdentitiesRoutes,
    stepUpByConnectionRoutes,
  ])
    await app.register(routes, { prefix: '/api/v1', deps });
  await app.register(sessionsRoutes, { prefix: '/api/v1', deps });
  for (const routes of [ownProfileRoutes, ownActivityRoutes, consentsRoutes, ownDataRoutes])
    await app.register(routes, { prefix: '/api/v1', deps });
  await app.register(tokenRoutes, { deps });
  await app.register(introspectionRoutes, { deps });
  await app.register(tenantsRoutes, { prefix: '/api/v1', deps });
  for (const routes of [settingsRoutes, logoRoutes]) await app.register(routes, { prefix: '/api/v1', deps });
  await app.register(revocationsRoutes, { prefix: '/api/v1', deps });
  await app.register(authzenRoutes, { deps });
  serveTenantScoped(app, deps, [
    auditSealRoutes,
    auditExportRoutes,
    auditRetentionRoutes,
    auditRoutes,
    userSessionsRoutes,
    userConsentsRoutes,
    personalDataRoutes,
    unusedRoutes,
    rolesRoutes,
    roleAssignmentsRoutes,
    effectivePermissionsRoutes,
    catalogRoutes,
    groupsRoutes,
    groupMembersRoutes,
    usersRoutes,
    membershipsRoutes,
    invitationsRoutes,
    invitationImportRoutes,
    clientsRoutes,
    apiKeysRoutes,
    servicesRoutes,
    connectionsRoutes,
    trialRoutes,
    domainsRoutes,
    policiesRoutes,
    policyVersionsRoutes,
    bundleRoutes,
    decisionLogRoutes,
  ]);
  await app.register(pagesRoutes, { deps });
  openApiRoute(app);
}

const reasonOf = (principal: CallingPrincipal) =>
  principal.kind === 'api_key'
    ? `a scope of the key ${principal.shownAs}, held by its owner`
    : `held through ${principal.roles.join(', ')}`;

const routeOf = (request: FastifyRequest) => `${request.method} ${request.routeOptions.url ?? ''}`;

let reads = 0;
/** All changes, and everything that services do; of the other reads one in `sample` (spec A1, threat 12). */
function isLogged(request: FastifyRequest, { kind }: CallingPrincipal, sample: number): boolean {
  if (kind === 'service') return true;
  if (request.method !== 'GET' && request.method !== 'HEAD') return true;
  if (sample === 0) return false;
  reads = (reads + 1) % sample;
  return reads === 0;
}
