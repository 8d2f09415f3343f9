//! Requests to the addresses that plugins have of their own. Pure.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use wardkit_api::EndpointCall;
use wardkit_plugin::manifest::Endpoint;

use super::Cause;
use super::call::{Failure, Reason};

/// Returns what a plugin with these endpoints is handed: for a request to one of them what it says, else what there is.
pub(super) fn input<'i>(
    endpoints: &[Endpoint],
    cause: &Cause,
    input: &'i [u8],
) -> Result<Cow<'i, [u8]>, Failure> {
    let Cause::Endpoint(call) = cause else { return Ok(Cow::Borrowed(input)) };
    let endpoint = find(endpoints, call)?;
    if !call.is_trusted && !endpoint.danger_without_token {
        let text = "its manifest does not say `danger-without-token` of this endpoint";
        return Err(Failure::new(Reason::NoToken, text));
    }
    if endpoint.whole_request {
        return whole(call).map(Cow::Owned);
    }
    if call.body.is_empty() {
        return Ok(Cow::Owned(bytes(&query(call))));
    }
    if call.query.is_empty() {
        return Ok(Cow::Owned(call.body.clone()));
    }
    let text = "this endpoint takes a body or a query, and not both";
    Err(Failure::new(Reason::Input, text))
}

/// Returns the endpoint that a request is to. Whoever answers GET answers HEAD, which is the same without the body.
fn find<'e>(endpoints: &'e [Endpoint], call: &EndpointCall) -> Result<&'e Endpoint, Failure> {
    let here: Vec<_> = endpoints.iter().filter(|one| one.path.as_str() == call.path).collect();
    let by_method = |method: &str| here.iter().find(|one| one.method.as_str() == method);
    let fallback = || (call.method == "HEAD").then(|| by_method("GET")).flatten();
    if let Some(found) = by_method(&call.method).or_else(fallback) {
        return Ok(found);
    }
    if here.is_empty() {
        let text = format!("its manifest has no endpoint {}", call.path);
        return Err(Failure::new(Reason::NoEndpoint, text));
    }
    let methods: Vec<_> = here.iter().map(|one| one.method.as_str()).collect();
    Err(Failure::new(Reason::Method, methods.join(", ")))
}

fn whole(call: &EndpointCall) -> Result<Vec<u8>, Failure> {
    let body = if call.body.is_empty() {
        Value::Null
    } else {
        let no_json = |error| Failure::new(Reason::Input, format!("the body is no JSON: {error}"));
        serde_json::from_slice(&call.body).map_err(no_json)?
    };
    let EndpointCall { method, path, .. } = call;
    Ok(bytes(&json!({"method": method, "path": path, "query": query(call), "body": body})))
}

fn query(call: &EndpointCall) -> Value {
    let fields = call.query.iter().map(|(name, value)| (name.clone(), value.clone().into()));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(rest: &str) -> Vec<Endpoint> {
        let rows = ["GET", "POST"].map(|method| {
            format!("{{\"path\": \"a/b\", \"method\": \"{method}\", \"description\": \"answers\"{rest}}}")
        });
        serde_json::from_str(&format!("[{}]", rows.join(","))).unwrap()
    }

    fn call(method: &str, path: &str, query: &[(&str, &str)], body: &str) -> EndpointCall {
        let own = |text: &str| text.to_owned();
        EndpointCall {
            id: "org.example.hello".to_owned(),
            path: path.to_owned(),
            method: method.to_owned(),
            query: query.iter().map(|(name, value)| (own(name), own(value))).collect(),
            body: body.into(),
            is_trusted: true,
        }
    }

    fn handed(endpoints: &[Endpoint], call: EndpointCall) -> Result<String, (Reason, String)> {
        input(endpoints, &Cause::Endpoint(Box::new(call)), b"")
            .map(|input| String::from_utf8(input.into_owned()).unwrap())
            .map_err(|failure| (failure.reason, failure.text))
    }

    #[test]
    fn a_plugin_is_handed_the_body_or_the_query() {
        let all = endpoints("");
        assert_eq!(handed(&all, call("POST", "a/b", &[], "[1]")).unwrap(), "[1]");
        let query = [("n", "1"), ("q", "\"")];
        let fields = r#"{"n":"1","q":"\""}"#;
        assert_eq!(handed(&all, call("GET", "a/b", &query, "")).unwrap(), fields);
        assert_eq!(handed(&all, call("HEAD", "a/b", &[], "")).unwrap(), "{}");
        let both = handed(&all, call("POST", "a/b", &query, "1"));
        assert_eq!(both.unwrap_err().0, Reason::Input);
    }

    #[test]
    fn a_plugin_that_wants_the_whole_request_gets_it() {
        let all = endpoints(", \"whole-request\": true");
        let whole = handed(&all, call("POST", "a/b", &[("n", "1")], "[1]")).unwrap();
        let whole: Value = serde_json::from_str(&whole).unwrap();
        let expected = json!({"method": "POST", "path": "a/b", "query": {"n": "1"}, "body": [1]});
        assert_eq!(whole, expected);
        assert_eq!(handed(&all, call("POST", "a/b", &[], "{")).unwrap_err().0, Reason::Input);
    }

    #[test]
    fn what_the_manifest_does_not_have_is_refused() {
        let all = endpoints("");
        for (method, path, reason, text) in [
            ("GET", "a", Reason::NoEndpoint, "its manifest has no endpoint a"),
            ("GET", "a/b/c", Reason::NoEndpoint, "its manifest has no endpoint a/b/c"),
            ("DELETE", "a/b", Reason::Method, "GET, POST"),
        ] {
            let refused = handed(&all, call(method, path, &[], ""));
            assert_eq!(refused, Err((reason, text.to_owned())), "{method} {path}");
        }
    }

    #[test]
    fn who_brings_no_token_is_answered_only_where_the_manifest_says_so() {
        let stranger = || EndpointCall { is_trusted: false, ..call("GET", "a/b", &[], "") };
        assert_eq!(handed(&endpoints(""), stranger()).unwrap_err().0, Reason::NoToken);
        let open = endpoints(", \"danger-without-token\": true");
        assert_eq!(handed(&open, stranger()).unwrap(), "{}");
    }
}
