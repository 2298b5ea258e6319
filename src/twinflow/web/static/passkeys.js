// Asks the browser for a passkey, and sends its answer with the form. Without this file the form says what it needs.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (all) => (all || []).map((each) => ({ ...each, id: bytes(each.id) }));

const ask = async (options) => {
  const asked = { ...options, challenge: bytes(options.challenge) };
  if (!options.rp) {
    return navigator.credentials.get({ publicKey: { ...asked, allowCredentials: known(options.allowCredentials) } });
  }
  const user = { ...options.user, id: bytes(options.user.id) };
  const without = known(options.excludeCredentials);
  return navigator.credentials.create({ publicKey: { ...asked, user, excludeCredentials: without } });
};

const written = (credential) => {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const failed = form.querySelector("[data-failed]");
  form.querySelector("button").hidden = !window.PublicKeyCredential;
  form.querySelector("[data-none]").hidden = Boolean(window.PublicKeyCredential);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      form.elements.credential.value = written(await ask(JSON.parse(form.dataset.passkey)));
      form.submit();
    } catch (error) {
      failed.hidden = false;
    }
  });
}
