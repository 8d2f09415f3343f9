//! Manifests of Kubernetes, as far as a bot has them.

use crate::compose::{GRAVE, is_engine_socket, is_host_folder};
use crate::docker::image;
use crate::found::Judged;
use crate::parse::Node;
use crate::secret::{is_placeholder, is_reference, is_secret_name, password_of_url};

pub(crate) fn judge(document: &Node, judged: &mut Judged<'_>) {
    let kind = document.get("kind").and_then(Node::text).unwrap_or_default();
    let spec = document.get("spec");
    let pod = match kind {
        "Pod" => spec,
        "CronJob" => document.at_path(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => document.at_path(&["spec", "template", "spec"]),
    };
    if let Some(pod) = pod.filter(|pod| pod.get("containers").is_some()) {
        self::pod(pod, judged);
    }
    match kind {
        "Role" | "ClusterRole" => rules(document, judged),
        "RoleBinding" | "ClusterRoleBinding" => {
            if let Some(name) = document.at_path(&["roleRef", "name"])
                && name.text() == Some("cluster-admin")
            {
                judged.fail(
                    "k8s-rbac-any",
                    name.at,
                    "cluster-admin",
                    "An account is bound to cluster-admin.",
                );
            }
        }
        "Secret" => secret(document, judged),
        _ => {}
    }
}

fn pod(pod: &Node, judged: &mut Judged<'_>) {
    let mut tell =
        |at: usize, about: &str, current: String| judged.fail("k8s-pod-rights", at, about, current);
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some((at, value)) = pod.entry(key)
            && value.is_true()
        {
            tell(at, key, format!("The pod has {key}."));
        }
    }
    for volume in pod.get("volumes").map(Node::list).unwrap_or_default() {
        let Some(path) = volume.at_path(&["hostPath", "path"]) else { continue };
        let text = path.text().unwrap_or_default();
        if is_host_folder(text) || is_engine_socket(text) {
            tell(path.at, text, format!("The pod has {text} of the node."));
        }
    }
    let is_no_root = |context: Option<&Node>| {
        context.is_some_and(|context| {
            context.get("runAsNonRoot").is_some_and(Node::is_true)
                || context.get("runAsUser").and_then(Node::text).is_some_and(|user| user != "0")
        })
    };
    let is_user = is_no_root(pod.get("securityContext"));
    for key in ["initContainers", "containers"] {
        for container in pod.get(key).map(Node::list).unwrap_or_default() {
            self::container(
                container,
                is_user || is_no_root(container.get("securityContext")),
                judged,
            );
        }
    }
    let token = pod.get("automountServiceAccountToken");
    if token.is_none() && pod.get("serviceAccountName").is_none() {
        judged.fail(
            "k8s-default-account",
            pod.at,
            "automountServiceAccountToken",
            "The pod gets the token of its namespace.",
        );
    }
}

fn container(container: &Node, is_user: bool, judged: &mut Judged<'_>) {
    let name = container.get("name").and_then(Node::text).unwrap_or("container");
    let context = container.get("securityContext");
    let mut tell = |at: usize, about: &str, what: &str| {
        judged.fail(
            "k8s-pod-rights",
            at,
            format!("{name}: {about}"),
            format!("The container {name} {what}."),
        );
    };
    for (key, what) in
        [("privileged", "is privileged"), ("allowPrivilegeEscalation", "may gain rights")]
    {
        if let Some((at, value)) = context.and_then(|context| context.entry(key))
            && value.is_true()
        {
            tell(at, key, what);
        }
    }
    if let Some((at, value)) = context.and_then(|context| context.entry("runAsUser"))
        && value.text() == Some("0")
    {
        tell(at, "runAsUser", "runs as root");
    } else if !is_user {
        tell(container.at, "runAsNonRoot", "may run as root");
    }
    let added = context.and_then(|context| context.at_path(&["capabilities", "add"]));
    for (at, capability) in added.map(Node::texts).unwrap_or_default() {
        if GRAVE.contains(&capability.trim_start_matches("CAP_")) {
            tell(at, capability, "has a capability that rules the node");
        }
    }
    if let Some(named) = container.get("image")
        && let Some(text) = named.text()
    {
        image(text, named.at..named.at, "cmp-image-latest", judged);
    }
    if container.at_path(&["resources", "limits", "memory"]).is_none() {
        let current = format!("The container {name} has no limit of memory.");
        judged.fail("k8s-no-limits", container.at, format!("{name}: limits"), current);
    }
    for variable in container.get("env").map(Node::list).unwrap_or_default() {
        let key = variable.get("name").and_then(Node::text).unwrap_or_default();
        let value = variable.get("value").and_then(Node::text).unwrap_or_default();
        let is_secret = is_secret_name(key)
            && value.len() > 3
            && !is_reference(value)
            && !is_placeholder(value);
        if is_secret || password_of_url(value).is_some() {
            let current = format!("{key} of {name} has its value in the file.");
            judged.fail("cmp-secret-inline", variable.at, format!("{name}: {key}"), current);
        }
    }
}

fn rules(document: &Node, judged: &mut Judged<'_>) {
    for rule in document.get("rules").map(Node::list).unwrap_or_default() {
        let any = |key: &str| {
            rule.get(key).is_some_and(|node| node.texts().iter().any(|(_, text)| *text == "*"))
        };
        if any("verbs") && any("resources") {
            judged.fail("k8s-rbac-any", rule.at, "*", "A role may do everything with everything.");
        }
    }
}

fn secret(document: &Node, judged: &mut Judged<'_>) {
    for key in ["data", "stringData"] {
        for (name, at, value) in document.get(key).map(Node::entries).unwrap_or_default() {
            let value = value.text().unwrap_or_default();
            if value.len() > 3 && !is_placeholder(value) {
                let current = format!("The secret {name} is in the file; base64 hides nothing.");
                judged.fail("cmp-secret-inline", at, format!("Secret: {name}"), current);
            }
        }
    }
}
