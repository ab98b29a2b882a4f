// Decisions in process, on one core: by role, by three rules with conditions, by two hundred rules of which three are about the question;
// beside a bare look-up in a set, casbin and Cedar's WebAssembly, which are asked the same and must answer the same.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runRounds } from '../harness/rounds.mjs';
import { compareRounds, median } from '../harness/statistics.mjs';

const MILLION = 1_000_000;
const TARGETS = { role: 5 * MILLION, 'three rules': 500_000, 'two hundred rules': 250_000 };
const SLOWED_AT_MOST = 1.2;
const ACTIONS = ['read', 'create', 'update', 'delete', 'approve'];
const TYPES = Array.from({ length: 40 }, (_, index) => `things${index}`);

export async function decisions(context) {
  const { compileModel, decide } = await import(
    pathToFileURL(join(context.checkout, 'packages/decisions/src/index.ts')).href
  );
  const ours = (bundle, questions) => {
    const model = compileModel(bundle);
    return everyQuestion(questions, (question) => decide(model, question).decision);
  };
  const few = questionsOf(18);
  const programs = {
    'role: gatehouse': ours(bundleOf(18), few),
    'role: set': everyQuestion(few, bySets(rolesOf(18))),
    'role: casbin': everyQuestion(few.slice(0, 50), await casbinByRole()),
    'role: cedar': everyQuestion(few.slice(0, 50), cedarByRole()),
    'role of ten thousand: gatehouse': ours(bundleOf(10_000), questionsOf(10_000)),
    'three rules: gatehouse': ours(bundleOf(0, rulesAbout(['things0'])), OWNED),
    'three rules: casbin': everyQuestion(OWNED, await casbinByRules(['things0'])),
    'three rules: cedar': everyQuestion(OWNED, cedarByRules(['things0'])),
    'two hundred rules: gatehouse': ours(bundleOf(0, rulesAbout(MANY)), OWNED),
    'two hundred rules: casbin': everyQuestion(OWNED, await casbinByRules(MANY)),
    'two hundred rules: cedar': everyQuestion(OWNED, cedarByRules(MANY)),
  };
  const subjects = Object.entries(programs)
    .filter(([name]) => !context.without.some((left) => name.endsWith(` ${left}`)))
    .map(([name, program]) => ({ name, program }));
  const results = await runRounds({
    subjects,
    rounds: context.rounds,
    report: context.report,
    measure: async ({ program }) => measure(program, context.seconds),
    warmUp: async ({ program }) => measure(program, 1),
  });
  const rates = (name) => results[name]?.map(({ perSecond }) => perSecond);
  return {
    title: 'decisions: in process, one core',
    columns: ['a second', 'ns each'],
    rows: subjects.map(({ name }) => ({
      name,
      cells: [median(rates(name)), 1e9 / median(rates(name))],
      wrong: {},
    })),
    comparisons: [
      ...Object.entries(TARGETS).flatMap(([what, target]) =>
        atLeast(what, rates(`${what}: gatehouse`), target),
      ),
      ...slowed(rates('role: gatehouse'), rates('role of ten thousand: gatehouse')),
    ],
    results,
  };
}

function atLeast(what, rates, target) {
  if (rates === undefined) return [];
  const {
    min,
    median: middle,
    max,
  } = compareRounds(
    rates,
    rates.map(() => 1),
  );
  const targetText = `at least ${target / MILLION} million`;
  return [
    {
      what: `decisions a second, ${what}`,
      min,
      median: middle,
      max,
      target,
      met: middle >= target,
      targetText,
    },
  ];
}

function slowed(small, large) {
  if (small === undefined || large === undefined) return [];
  const ratio = compareRounds(small, large);
  return [
    {
      what: 'time among ten thousand roles and a million assignments / among eighteen roles',
      ...ratio,
      target: SLOWED_AT_MOST,
      met: ratio.median <= SLOWED_AT_MOST,
      targetText: `at most ${SLOWED_AT_MOST}`,
    },
  ];
}

/** Runs a program that asks all its questions, until the time is over. */
function measure({ ask, questions, expected }, seconds) {
  let count = 0;
  const began = performance.now();
  let spent = 0;
  do {
    if (ask() !== expected) throw new Error('another number of questions is permitted than is right');
    count += questions;
    spent = performance.now() - began;
  } while (spent < seconds * 1000);
  return { perSecond: (count / spent) * 1000 };
}

function everyQuestion(questions, permits) {
  const ask = () => {
    let permitted = 0;
    for (const question of questions) if (permits(question)) permitted += 1;
    return permitted;
  };
  return { ask, questions: questions.length, expected: questions.filter(({ right }) => right).length };
}

// By role. Every role holds three permissions, every subject two roles; half of the questions are answered with yes.

const roleName = (index) => `ROLE_${index}`;
const permissionsOf = (role) => [0, 1, 2].map((offset) => permissionAt(role * 3 + offset));
const permissionAt = (index) => {
  const type = TYPES[index % TYPES.length];
  return `${type}:${ACTIONS[Math.floor(index / TYPES.length) % ACTIONS.length]}`;
};
const rolesOf = (count) =>
  Object.fromEntries(Array.from({ length: count }, (_, role) => [roleName(role), permissionsOf(role)]));

/**
 * A thousand questions. In the large case their subjects are every hundredth of half a million with two roles each: the million
 * assignments are the database's, and what a decision is given of them is the names of the roles that the subject has.
 */
function questionsOf(roles) {
  return Array.from({ length: 1000 }, (_, index) => {
    const subject = roles > 1000 ? index * 500 : index;
    const held = [subject % roles, (subject * 7 + 1) % roles];
    const right = index % 2 === 0;
    const has = new Set(held.flatMap(permissionsOf));
    let wanted = permissionsOf(held[1])[0];
    for (let other = 0; !right && has.has(wanted); other += 1) wanted = permissionAt(index + other);
    const [type, action] = wanted.split(':');
    return {
      right,
      subject: { type: 'user', id: `u${subject}`, roles: held.map(roleName) },
      action: { name: action },
      resource: { type, id: '7' },
    };
  });
}

function bySets(roles) {
  const held = new Map(Object.entries(roles).map(([name, permissions]) => [name, new Set(permissions)]));
  return ({ subject, action, resource }) =>
    subject.roles.some((role) => held.get(role)?.has(`${resource.type}:${action.name}`));
}

// By rules: the owner may, finance may above an amount, everybody may from one address. None holds for half of the questions, so that all
// three conditions are judged.

const MANY = Array.from({ length: 67 }, (_, index) => `things${index}`);
const OWNED = Array.from({ length: 100 }, (_, index) => ({
  right: index % 2 === 0,
  subject: { type: 'user', id: `u${index}`, roles: ['SALES', 'SUPPORT'] },
  action: { name: 'read' },
  resource: { type: 'things0', id: '7', properties: { owner: 'nobody', amount: 200 } },
  context: { ip: index % 2 === 0 ? '198.51.100.7' : '203.0.113.9' },
}));

function rulesAbout(types) {
  return types.flatMap((resource) =>
    [
      'resource.properties.owner == subject.id',
      'resource.properties.amount > 100 && "FINANCE" in subject.roles',
      'context.ip == "198.51.100.7"',
    ].map((when, index) => ({
      id: `${resource}-${index}`,
      effect: 'allow',
      resource,
      actions: ['read'],
      when,
    })),
  );
}

function bundleOf(roles, rules = []) {
  const types = [...new Set([...TYPES, ...MANY])];
  const declared = { attributes: { owner: 'string', amount: 'int' } };
  return {
    tenant: { id: 't', slug: 't', type: 'customer' },
    version: '1',
    roles: rolesOf(roles),
    policies: [{ id: 'p', name: 'p', version: 1, rules }],
    shadow: [],
    catalog: {
      permissions: types.flatMap((type) => ACTIONS.map((action) => `${type}:${action}`)),
      resources: Object.fromEntries(types.map((type) => [type, declared])),
    },
    services: {},
  };
}

const library = (name) => createRequire(import.meta.url)(name);

async function casbinByRole() {
  const { newEnforcer, newModelFromString } = library('casbin');
  const enforcer = await newEnforcer(
    newModelFromString(
      '[request_definition]\nr = sub, obj, act\n[policy_definition]\np = sub, obj, act\n[role_definition]\ng = _, _\n' +
        '[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act',
    ),
  );
  for (const [role, permissions] of Object.entries(rolesOf(18)))
    for (const permission of permissions) await enforcer.addPolicy(role, ...permission.split(':'));
  for (const { subject } of questionsOf(18))
    for (const role of subject.roles) await enforcer.addRoleForUser(subject.id, role);
  return ({ subject, action, resource }) => enforcer.enforceSync(subject.id, resource.type, action.name);
}

async function casbinByRules(types) {
  const { newEnforcer, newModelFromString } = library('casbin');
  const enforcer = await newEnforcer(
    newModelFromString(
      '[request_definition]\nr = sub, obj, act, ctx\n[policy_definition]\np = rule, obj, act\n[policy_effect]\n' +
        'e = some(where (p.eft == allow))\n[matchers]\nm = r.obj.type == p.obj && r.act == p.act && eval(p.rule)',
    ),
  );
  const rules = [
    'r.obj.properties.owner == r.sub.id',
    "r.obj.properties.amount > 100 && r.sub.finance == 'yes'",
    "r.ctx.ip == '198.51.100.7'",
  ];
  for (const type of types) for (const rule of rules) await enforcer.addPolicy(rule, type, 'read');
  return ({ subject, action, resource, context }) =>
    enforcer.enforceSync({ ...subject, finance: 'no' }, resource, action.name, context);
}

let policySets = 0;
function cedar(policies) {
  const { preparsePolicySet, statefulIsAuthorized } = library('@cedar-policy/cedar-wasm/nodejs');
  const preparsedPolicySetId = `bench ${(policySets += 1)}`;
  const read = preparsePolicySet(preparsedPolicySetId, { staticPolicies: policies });
  if (read.type !== 'success') throw new Error(JSON.stringify(read));
  return (call) => {
    const answer = statefulIsAuthorized({ ...call, preparsedPolicySetId });
    return answer.type === 'success' && answer.response.decision === 'allow';
  };
}

function cedarByRole() {
  const permits = cedar(
    Object.entries(rolesOf(18))
      .flatMap(([role, permissions]) =>
        permissions.map((permission) => {
          const [type, action] = permission.split(':');
          return `permit(principal in Role::"${role}", action == Action::"${action}", resource is ${type});`;
        }),
      )
      .join('\n'),
  );
  return ({ subject, action, resource }) =>
    permits({
      principal: { type: 'User', id: subject.id },
      action: { type: 'Action', id: action.name },
      resource: { type: resource.type, id: resource.id },
      context: {},
      entities: [
        {
          uid: { type: 'User', id: subject.id },
          attrs: {},
          parents: subject.roles.map((id) => ({ type: 'Role', id })),
        },
      ],
    });
}

function cedarByRules(types) {
  const about = (type, when) =>
    `permit(principal, action == Action::"read", resource is ${type}) when { ${when} };`;
  const permits = cedar(
    types
      .flatMap((type) => [
        about(type, 'resource.owner == principal.id'),
        about(type, 'resource.amount > 100 && principal.roles.contains("FINANCE")'),
        about(type, 'context.ip == "198.51.100.7"'),
      ])
      .join('\n'),
  );
  return ({ subject, action, resource, context }) => {
    const principal = { type: 'User', id: subject.id };
    const uid = { type: resource.type, id: resource.id };
    return permits({
      principal,
      action: { type: 'Action', id: action.name },
      resource: uid,
      context,
      entities: [
        { uid: principal, attrs: { id: subject.id, roles: subject.roles }, parents: [] },
        { uid, attrs: resource.properties, parents: [] },
      ],
    });
  };
}
