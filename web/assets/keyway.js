// What the pages cannot do without a script: copying, dialogs over the page, shortcuts, and the
// question before a secret is closed uncopied. Everything else works without this file.
'use strict';

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// A secret that was neither copied nor downloaded.
const uncopied = () => document.querySelector('.once:not([data-kept])');

async function copy(button) {
  const from = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(from.value ?? from.textContent);
  const word = button.querySelector('span');
  if (word) word.textContent = 'Copied';
  button.setAttribute('data-copied', '');
  button.closest('.once')?.setAttribute('data-kept', '');
}

function download(link) {
  const text = document.getElementById(link.dataset.from).textContent;
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const anchor = Object.assign(document.createElement('a'), { href: url, download: link.dataset.download });
  anchor.click();
  URL.revokeObjectURL(url);
  link.closest('.once')?.setAttribute('data-kept', '');
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
  if (dialog.dataset.behind) location.assign(dialog.dataset.behind);
}

document.addEventListener('click', (event) => {
  const at = (selector) => event.target.closest(selector);
  if (at('[data-copy]')) copy(at('[data-copy]'));
  if (at('[data-download]')) download(at('[data-download]'));
  if (at('[data-close]')) {
    event.preventDefault();
    close(at('dialog'));
  }
  if (at('[data-back]')) at('dialog').close();
  if (at('[data-close-anyway]')) {
    uncopied()?.setAttribute('data-kept', '');
    at('dialog').close();
    const secret = document.querySelector('.once');
    const dialog = secret?.closest('dialog');
    const behind = dialog?.dataset.behind ?? secret?.dataset.behind;
    if (behind) location.assign(behind);
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
});
// An answer that refuses a form is shown in the form's place.
document.addEventListener('htmx:beforeSwap', (event) => {
  if ([409, 412, 422, 429].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

showDialogs();
document.querySelector('[aria-invalid="true"]')?.focus();
