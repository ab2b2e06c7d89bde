// The key pages by role and label, in the words of a profile.

export class KeyPages {
  // `project`: the one that keys are made in, where the profile has them in one.
  constructor(page, profile, project) {
    this.page = page;
    this.list = profile.places.keys.replace('{project}', project?.id);
    this.heading = profile.places.keys.includes('{project}') ? project.name : profile.words.keys;
    this.words = profile.words;
    this.profile = profile;
  }

  async open(query = '') {
    await this.page.goto(this.list + query);
    await this.page.getByRole('heading', { level: 1, name: this.heading }).waitFor();
  }

  // The way that the documentation tells, from the first page on.
  async walk() {
    const { page } = this;
    await page.goto('/');
    const sidebar = page.getByRole('navigation', { name: 'Main' });
    for (const { group, entry, tab, row } of this.profile.way) {
      if (group) await sidebar.getByRole('heading', { name: group, exact: true }).waitFor();
      if (entry) await sidebar.getByRole('link', { name: entry, exact: true }).click();
      if (row) await page.getByRole('rowheader').getByRole('link', { name: row, exact: true }).click();
      if (tab) await page.getByRole('main').getByRole('link', { name: tab, exact: true }).click();
    }
    await page.getByRole('heading', { level: 1, name: this.heading }).waitFor();
  }

  get table() {
    return this.page.getByRole('table', { name: this.words.keys });
  }

  row(name) {
    const own = this.page.getByRole('rowheader').filter({ has: this.page.getByText(name, { exact: true }) });
    return this.table.getByRole('row').filter({ has: own });
  }

  async names() {
    return this.table.getByRole('rowheader').getByRole('link').allInnerTexts();
  }

  dialog(name) {
    return this.page.getByRole('dialog', { name });
  }

  // What addresses of dialogs begin with.
  get base() {
    return this.list === '/keys' ? this.list : `${this.list}/keys`;
  }

  // The form, over the page or on it.
  async form() {
    if (this.profile.form === 'page') return this.page.getByRole('form', { name: this.words.createTitle });
    await this.page.getByRole('link', { name: this.words.create, exact: true }).click();
    const dialog = this.dialog(this.words.createTitle);
    await dialog.waitFor();
    return dialog;
  }

  async fill(form, { name, permission, description }) {
    if (name !== undefined) await form.getByLabel(this.words.name, { exact: true }).fill(name);
    if (permission) await this.permit(form, permission);
    if (description) await form.getByLabel('Description').fill(description);
  }

  async permit(form, permission) {
    const chosen = this.page.getByRole('radio', { name: this.words.choosePermissions, exact: true });
    // A radio is drawn as a segment of a bar; its label is what a person hits.
    if (await chosen.count()) await form.locator('label').filter({ has: chosen }).click();
    const written = form.getByRole('textbox', { name: 'Permissions' });
    const listed = form.getByRole('checkbox', { name: permission });
    await written.or(listed).first().waitFor();
    if (await listed.count()) await listed.check();
    else await written.fill(permission);
  }

  async create(fields) {
    const form = await this.form();
    await this.fill(form, fields);
    await form.getByRole('button', { name: this.words.create, exact: true }).click();
    return this.revealed(fields.name);
  }

  // The secret, in front of the visitor.
  async revealed(name) {
    const secret = this.page.getByLabel(`Secret of ${name}`);
    await secret.waitFor();
    return secret.inputValue();
  }

  async copyAndClose() {
    if (this.profile.form === 'page') return this.#copyAndDismiss();
    const reveal = this.dialog(this.words.created);
    await reveal.getByRole('button', { name: 'Copy', exact: true }).click();
    await reveal.getByRole('button', { name: 'Copied' }).waitFor();
    await reveal.getByText('Close', { exact: true }).last().click();
    await this.page.waitForURL((url) => url.pathname === this.list);
  }

  async #copyAndDismiss() {
    await this.page.getByRole('button', { name: 'Copy', exact: true }).click();
    await this.page.getByRole('button', { name: 'Copied' }).waitFor();
    const dismiss = this.page.getByRole('link', { name: 'Dismiss' });
    await dismiss.click();
    await dismiss.waitFor({ state: 'detached' });
  }

  action(verb, name) {
    return this.row(name).getByRole('link', { name: `${verb} ${name}` });
  }

  async revoke(name, reason) {
    await this.action('Revoke', name).click();
    const question = this.dialog(this.words.revokeTitle.replace('{name}', name));
    await question.waitFor();
    if (reason) await question.getByLabel('Reason').fill(reason);
    await question.getByRole('button', { name: this.words.revokeConfirm }).click();
  }
}
