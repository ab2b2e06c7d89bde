// What the pages cannot do without a script: copying, dialogs over the page, shortcuts, and the
// question before a secret is closed uncopied. Everything else works without this file.
'use strict';

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// A secret that was neither copied nor downloaded.
const uncopied = () => document.querySelector('.once:not([data-kept])');

async function copy(button) {
  const from = document.getElementById(button.dataset.copy);
  // Without TLS a browser has no clipboard for pages of other machines.
  if (navigator.clipboard) await navigator.clipboard.writeText(from.value ?? from.textContent);
  else {
    from.select?.();
    if (!document.execCommand('copy')) return;
  }
  const word = button.querySelector('span');
  if (word) word.textContent = 'Copied';
  button.setAttribute('data-copied', '');
  keep(button.closest('.once'), 'Copied');
}

function keep(once, word) {
  once?.setAttribute('data-kept', '');
  const told = document.getElementById('kept-word');
  if (once && told) told.textContent = word;
}

// A file that sets the variable, made here: the secret travels nowhere.
function download(button) {
  const from = document.getElementById(button.dataset.from);
  const { text: whole, variable } = button.dataset;
  const text = whole ? whole.replace('{secret}', () => from.value) : `${variable}=${from.value}\n`;
  const href = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  Object.assign(document.createElement('a'), { href, download: button.dataset.download }).click();
  URL.revokeObjectURL(href);
  keep(from.closest('.once'), 'Downloaded');
}

function showDialogs(root = document) {
  all('dialog[data-show]', root).forEach((dialog) => {
    dialog.removeAttribute('data-show');
    dialog.removeAttribute('open');
    dialog.showModal();
  });
}

// Closing leaves for the page behind, so that its list is read anew.
function close(dialog) {
  if (uncopied() && dialog.contains(uncopied())) {
    document.getElementById('close-uncopied')?.showModal();
    return;
  }
  dialog.close();
  // What was fetched over a page leaves it as it was; focus goes back to the link that opened it.
  const hasMade = dialog.querySelector('.once') && dialog.dataset.behind;
  if (dialog.closest('#dialog') && !hasMade) leave(dialog);
  else if (dialog.dataset.behind) location.assign(dialog.dataset.behind);
}

// A secret above the list goes by leaving for the list without it.
function dismiss(behind) {
  if (uncopied()) document.getElementById('close-uncopied').showModal();
  else location.assign(behind);
}

// With the secret in it, if it had one; to the row that changed meanwhile, if any.
function leave(dialog) {
  const changed = dialog.querySelector('.once') && document.querySelector('.fresh .name');
  dialog.remove();
  changed?.focus();
}

document.addEventListener('click', (event) => {
  const at = (selector) => event.target.closest(selector);
  if (at('[data-copy]')) copy(at('[data-copy]'));
  if (at('[data-download]')) download(at('[data-download]'));
  if (at('[data-close]')) {
    event.preventDefault();
    if (at('dialog')) close(at('dialog'));
    else dismiss(at('[data-close]').href);
  }
  if (at('[data-back]')) at('dialog').close();
  if (at('[data-close-anyway]')) {
    uncopied()?.setAttribute('data-kept', '');
    at('dialog').close();
    const secret = document.querySelector('.once');
    const dialog = secret?.closest('dialog');
    const behind = dialog?.dataset.behind || secret?.dataset.behind;
    if (behind) location.assign(behind);
    else if (dialog) leave(dialog);
  }
  if (at('[data-dismiss]')) at('.toast')?.remove();
});

document.addEventListener('cancel', (event) => {
  if (event.target.matches('dialog[data-behind]')) {
    event.preventDefault();
    close(event.target);
  }
}, true);

window.addEventListener('beforeunload', (event) => {
  if (uncopied()) event.preventDefault();
});

document.addEventListener('change', (event) => {
  const form = event.target.closest('form[data-auto]');
  if (form && !form.hasAttribute('hx-get')) form.requestSubmit();
});

// Where searching goes on while typing, Enter sends nothing.
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && event.target.matches('[data-stays]')) event.preventDefault();
});

// Single letters, unless the person switched them off.
let awaitsPlace = false;
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('input, textarea, select, dialog')) return;
  if (document.body.dataset.shortcuts === 'off') return;
  const open = (selector) => document.querySelector(selector)?.click();
  if (awaitsPlace) {
    awaitsPlace = false;
    open(`[data-go="${event.key}"]`);
    return;
  }
  if (event.key === '/') {
    event.preventDefault();
    document.querySelector('[type="search"]')?.focus();
  } else if (event.key === 'c') open('[data-go="create"]');
  else if (event.key === 'g') awaitsPlace = true;
  else if (event.key === '?') document.getElementById('shortcuts')?.showModal();
});

document.addEventListener('htmx:afterSwap', (event) => {
  showDialogs(event.target);
  event.target.querySelector('[aria-invalid="true"]')?.focus();
  // The question is answered: on to the row that it was about.
  if (event.target.id === 'dialog' && !event.target.firstElementChild) {
    document.querySelector('.fresh .name')?.focus();
  }
});
// Only what changed last is marked.
document.addEventListener('htmx:oobBeforeSwap', (event) => {
  if (event.target.matches('tbody')) all('.fresh').forEach((row) => row.classList.remove('fresh'));
});
// A dialog that refuses is shown in place of the one that asked, whatever its status.
document.addEventListener('htmx:beforeSwap', (event) => {
  const { detail } = event;
  if (detail.xhr.status >= 400 && detail.xhr.responseText.includes('data-part')) {
    detail.shouldSwap = true;
    detail.isError = false;
  } else if (detail.xhr.status >= 400) {
    detail.isError = false;
    const page = new DOMParser().parseFromString(detail.xhr.responseText, 'text/html');
    const said = (selector) => page.querySelector(selector)?.textContent ?? '';
    tellRefusal(said('main h1'), said('main section p'));
  }
  if (event.target.id === 'dialog') all('dialog[data-part]').forEach((dialog) => dialog.remove());
});

// What was refused without a form to say it in.
function tellRefusal(what, why) {
  const toast = Object.assign(document.createElement('div'), { className: 'toast' });
  toast.setAttribute('role', 'alert');
  const line = document.createElement('p');
  line.append(Object.assign(document.createElement('b'), { textContent: what }), ` ${why}`);
  toast.append(line);
  document.getElementById('dialog').replaceChildren();
  document.getElementById('toasts').replaceChildren(toast);
}
document.addEventListener('htmx:sendError', () => {
  tellRefusal('No answer.', 'The server cannot be reached; look again before you repeat it.');
});

// A time of day is told in the reader's own zone; the title keeps the exact one.
function tellTimes(root = document) {
  const clock = { hour: '2-digit', minute: '2-digit' };
  all('time[data-clock]', root).forEach((time) => {
    const at = new Date(time.dateTime);
    const now = new Date();
    const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric';
    const date = at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year });
    const day = at.toDateString() === now.toDateString() ? 'today' : date;
    time.textContent = `${day}, ${at.toLocaleTimeString('en-GB', clock)}`;
  });
}
document.addEventListener('htmx:afterSwap', (event) => tellTimes(event.target));

// What is shown once is not sent again: reloading leads to the list behind it.
const shown = document.querySelector('.once[data-behind]');
if (shown) history.replaceState(null, '', shown.dataset.behind);

// What was done is said once: reloading the page does not say it again.
const address = new URL(location.href);
if (address.searchParams.has('done')) {
  address.searchParams.delete('done');
  history.replaceState(null, '', address);
}

tellTimes();
showDialogs();
document.querySelector('[aria-invalid="true"]')?.focus();
