// An organization as it looks after some months: everything that a page can show is there.

export async function furnish(server, profile) {
  const organization = await server.organization('Acme');
  const second = await server.organization('Globex');
  const most = profile.roles.most;
  const mara = await server.member(organization, most, { name: 'Mara Lindqvist' });
  await server.expect(201, 'POST', '/v1/members', {
    organization: second,
    email: mara.email,
    name: mara.name,
    role: most,
  });
  const project = await server.project(organization, 'Search');
  await server.project(organization, 'Billing');
  const oskar = await server.member(organization, profile.roles.all, { name: 'Oskar Brandt' });
  const thu = await server.member(organization, profile.roles.makes, {
    name: 'Thu Nguyen',
    project_roles: { [project]: profile.roles.all },
  });
  const body = { organization, email: 'ana@example.com', role: profile.roles.makes };
  await server.expect(201, 'POST', '/v1/invitations', body);
  const key = await server.key(organization, {
    name: 'Production server',
    description: 'Search page of the shop, three machines behind the load balancer.',
    project,
    grants: [{ permissions: [profile.permission], resource: `project/${project}` }],
    ip_rules: ['203.0.113.0/24'],
    metadata: { team: 'shop', tier: 'gold' },
  });
  const asked = { permissions: [profile.permission], ip: '203.0.113.24' };
  for (let time = 0; time < 12; time += 1) await server.verdict(key.secret, asked);
  await server.verdict(key.secret, { ...asked, permissions: [profile.otherPermission] });
  const soon = new Date(Date.now() + 5 * 24 * 3600 * 1000).toISOString();
  await server.key(organization, { name: 'Mobile backend', expires_at: soon });
  await server.key(organization, { name: 'Staging checks', environment: 'test' });
  const paused = await server.key(organization, { name: 'Partner import' });
  await server.expect(200, 'POST', `/v1/keys/${paused.id}/deactivate`);
  const ended = await server.key(organization, { name: 'Old billing job' });
  await server.expect(200, 'POST', `/v1/keys/${ended.id}/revoke`);
  const rotated = await server.key(organization, { name: 'CI pipeline' });
  await server.expect(200, 'POST', `/v1/keys/${rotated.id}/rotate`, { grace: '24h' });
  await server.used(key);
  await server.expect(201, 'POST', '/v1/management-keys', {
    organization,
    name: 'Terraform',
    preset: 'admin',
  });
  return { organization, mara, ids: { key: key.id, project, member: oskar.id, maker: thu.id } };
}
