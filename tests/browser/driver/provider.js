// An OpenID provider of this machine's own: the certified `oidc-provider`, with people who sign in as
// soon as they are asked. Whoever is `person` is the one who sits before it.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { Provider as OidcProvider } from 'oidc-provider';

const SIGN_IN = /^\/interaction\/[^/?]+/;

export const CLIENT = { id: 'keyway', secret: randomBytes(32).toString('base64url') };

export class IdProvider {
  // Of `redirectUri`; on `port`, if it was there before.
  static async start(redirectUri, port = 0) {
    const provider = new IdProvider();
    provider.listener = createServer((request, answer) => provider.#answer(request, answer));
    await provider.open(port);
    provider.redirectUri = redirectUri;
    provider.oidc = new OidcProvider(provider.url, provider.#configuration());
    provider.callback = provider.oidc.callback();
    return provider;
  }

  async open(port = Number(new URL(this.url).port)) {
    this.listener.listen(port, '127.0.0.1');
    await new Promise((resolve) => this.listener.once('listening', resolve));
    this.url = `http://127.0.0.1:${this.listener.address().port}`;
  }

  async close() {
    this.listener.closeAllConnections();
    await new Promise((resolve) => this.listener.close(resolve));
  }

  // Who signs in next; `email_verified` unless it is said.
  sits(email, claims = {}) {
    this.person = { email, email_verified: true, ...claims };
  }

  #configuration() {
    return {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [this.redirectUri],
        },
      ],
      claims: { openid: ['sub'], email: ['email', 'email_verified'] },
      cookies: { keys: [randomBytes(32).toString('hex')] },
      features: { devInteractions: { enabled: false } },
      pkce: { required: () => true },
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...JSON.parse(id) }) }),
      loadExistingGrant: (context) => this.#grant(context),
      renderError: (context, out) => {
        context.type = 'text';
        context.body = `the provider says: ${JSON.stringify(out)}`;
      },
    };
  }

  // Nobody is asked whether Keyway may know the address.
  async #grant({ oidc }) {
    const grant = new this.oidc.Grant({ accountId: oidc.session.accountId, clientId: CLIENT.id });
    grant.addOIDCScope('openid email');
    await grant.save();
    return grant;
  }

  async #answer(request, answer) {
    if (!SIGN_IN.test(request.url)) return this.callback(request, answer);
    const refused = { error: 'access_denied', error_description: 'not you' };
    const accountId = this.person && JSON.stringify(this.person);
    const result = accountId ? { login: { accountId, remember: false } } : refused;
    return this.oidc.interactionFinished(request, answer, result, { mergeWithLastSubmission: false });
  }
}
