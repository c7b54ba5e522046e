// SPDX-License-Identifier: Apache-2.0
// Requests to the server; whatever is refused becomes an Error with the server's sentence.

export class Refused extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

async function answer(promise) {
  let response;
  try {
    response = await promise;
  } catch {
    throw new Refused("The server does not answer: is it still running?", 0);
  }
  if (!response.ok) {
    const { detail } = await response.json().catch(() => ({}));
    throw new Refused(detail || `The server says ${response.status}.`, response.status);
  }
  return response;
}

export async function get(path, query = {}) {
  const text = new URLSearchParams(query).toString();
  return (await answer(fetch(text ? `${path}?${text}` : path))).json();
}

export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await answer(fetch(path, { method: "POST", headers, body: JSON.stringify(body) }))).json();
}

export async function send(path, query, file) {
  const headers = { "Content-Type": "application/octet-stream" };
  return (await answer(fetch(`${path}?${new URLSearchParams(query)}`, { method: "POST", headers, body: file }))).json();
}

export async function download(path, query) {
  return (await answer(fetch(`${path}?${new URLSearchParams(query)}`))).blob();
}
