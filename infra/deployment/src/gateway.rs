//! What the console stands behind, once translated: one HTTP API with one route, throttled and logged, that may call one
//! function and is reached by one address; and what that function may do itself.

use deployment::Deployed;
use serde_json::{Map, Value, json};
use shared::task::Function;

use super::{Problems, resources_of};

/// Checks a translated template.
pub fn check(template: &Value, functions: &[Deployed], problems: &mut Problems) {
    let nothing = Map::new();
    let resources = template["Resources"].as_object().unwrap_or(&nothing);
    let Some(console) = functions.iter().find(|deployed| deployed.function == Function::AdminApi) else {
        return problems.add("admin-api is not deployed");
    };
    for kind in ["AWS::ApiGateway::RestApi", "AWS::Lambda::Url"] {
        problems.unless(resources_of(resources, kind).is_empty(), || {
            format!("{kind}: another way in than the throttled one")
        });
    }
    match &resources_of(resources, "AWS::ApiGatewayV2::Api")[..] {
        [(api, properties)] => {
            route(properties, &console.id, problems);
            stage(resources, api, console.timeout_seconds, problems);
            address(properties, resources, api, problems);
            permission(resources, api, &console.id, problems);
        }
        apis => problems.add(format!("{} HTTP APIs instead of one", apis.len())),
    }
    role(resources, &console.id, problems);
}

/// Every path and method goes to the function, which decides about each.
fn route(api: &Value, function: &str, problems: &mut Problems) {
    let paths: Vec<&String> = api["Body"]["paths"].as_object().into_iter().flat_map(Map::keys).collect();
    problems.unless(paths == ["/$default"], || format!("the HTTP API has the routes {paths:?}"));
    let any = &api["Body"]["paths"]["/$default"]["x-amazon-apigateway-any-method"];
    let integration = &any["x-amazon-apigateway-integration"];
    let target = format!(
        "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{function}.Arn}}/invocations"
    );
    let is_whole = integration["type"] == "aws_proxy"
        && integration["payloadFormatVersion"] == "2.0"
        && integration["uri"] == json!({"Fn::Sub": target});
    problems.unless(is_whole, || "the HTTP API does not hand whole requests to admin-api".into());
}

/// Executions at once that the console may need: the rest of an account's usual 1000 is for the tasks.
const AT_ONCE: u64 = 700;

/// What an access log may hold: neither what is asked nor who is signed in.
const LOGGED: [&str; 10] = [
    "error.message",
    "httpMethod",
    "identity.sourceIp",
    "integrationErrorMessage",
    "path",
    "requestId",
    "requestTime",
    "responseLatency",
    "responseLength",
    "status",
];

/// Whoever sends more than that costs nothing, and every request leaves a line.
fn stage(resources: &Map<String, Value>, api: &str, seconds: u64, problems: &mut Problems) {
    let stages = resources_of(resources, "AWS::ApiGatewayV2::Stage");
    problems.unless(!stages.is_empty(), || format!("{api}: no stage"));
    for (id, stage) in stages {
        let [rate, burst] = ["ThrottlingRateLimit", "ThrottlingBurstLimit"].map(|limit| {
            let value = stage["DefaultRouteSettings"][limit].as_u64().filter(|value| *value > 0);
            problems.unless(value.is_some(), || format!("{id}: no {limit}"));
            value.unwrap_or_default()
        });
        let at_once = rate * seconds + burst;
        problems.unless(at_once <= AT_ONCE, || {
            format!("{id}: {at_once} executions at once could leave none to the tasks; at most {AT_ONCE}")
        });
        access_log(resources, id, &stage["AccessLogSettings"], problems);
        let is_default = stage["StageName"] == "$default"
            && stage["ApiId"] == json!({"Ref": api})
            && stage["AutoDeploy"] == true;
        problems.unless(is_default, || format!("{id}: not the stage that people reach, deployed by itself"));
        problems
            .unless(stage["RouteSettings"].is_null(), || format!("{id}: routes with limits of their own"));
    }
}

/// The log is one that ends, each of its lines is JSON, and nothing is in them that [`LOGGED`] does not name.
fn access_log(resources: &Map<String, Value>, stage: &str, settings: &Value, problems: &mut Problems) {
    let group = settings["DestinationArn"]["Fn::GetAtt"][0].as_str().unwrap_or_default();
    let is_group = resources.get(group).is_some_and(|group| {
        group["Type"] == "AWS::Logs::LogGroup" && !group["Properties"]["RetentionInDays"].is_null()
    });
    let format = settings["Format"].as_str().unwrap_or_default();
    let is_line = serde_json::from_str::<Map<String, Value>>(format).is_ok();
    problems.unless(is_group && is_line, || {
        format!("{stage}: no access log of JSON lines in a group that forgets")
    });
    let named = format.split("$context.").skip(1).map(|rest| {
        rest.split(|other: char| !other.is_ascii_alphanumeric() && other != '.').next().unwrap_or_default()
    });
    for name in named.filter(|name| !LOGGED.contains(name)) {
        problems.add(format!("{stage}: the access log holds {name}"));
    }
}

/// One address: with a domain in front, AWS's own is closed, or whoever knows it goes round the domain.
fn address(api: &Value, resources: &Map<String, Value>, id: &str, problems: &mut Problems) {
    let of_domain = |on: Value, off: Value| json!({"Fn::If": ["HasConsoleDomain", on, off]});
    let server = &api["Body"]["servers"][0];
    let endpoint = &server["x-amazon-apigateway-endpoint-configuration"]["disableExecuteApiEndpoint"];
    problems.unless(*endpoint == of_domain(true.into(), false.into()), || {
        format!("{id}: AWS's own address stays open behind a domain")
    });
    for kind in ["AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::ApiMapping"] {
        let all: Vec<&Value> = resources.values().filter(|resource| resource["Type"] == kind).collect();
        problems.unless(matches!(all[..], [one] if one["Condition"] == "HasConsoleDomain"), || {
            format!("{id}: not one {kind} with the domain")
        });
    }
    for (domain, properties) in resources_of(resources, "AWS::ApiGatewayV2::DomainName") {
        let configuration = &properties["DomainNameConfigurations"][0];
        problems
            .unless(configuration["SecurityPolicy"] == "TLS_1_2", || format!("{domain}: accepts old TLS"));
    }
    for (mapping, properties) in resources_of(resources, "AWS::ApiGatewayV2::ApiMapping") {
        let leads_here = properties["ApiId"] == json!({"Ref": id})
            && resources
                .get(properties["Stage"]["Ref"].as_str().unwrap_or_default())
                .is_some_and(|stage| stage["Type"] == "AWS::ApiGatewayV2::Stage");
        problems.unless(leads_here, || format!("{mapping}: does not lead to the stage of {id}"));
    }
}

/// API Gateway may call the function, from this API only.
fn permission(resources: &Map<String, Value>, api: &str, function: &str, problems: &mut Problems) {
    let permissions = resources_of(resources, "AWS::Lambda::Permission");
    let of_function: Vec<&Value> = permissions
        .iter()
        .map(|(_, permission)| *permission)
        .filter(|permission| permission["FunctionName"].to_string().contains(&format!("\"{function}\"")))
        .collect();
    let [permission] = of_function[..] else {
        return problems.add(format!("{} may call admin-api instead of its HTTP API", of_function.len()));
    };
    let source = &permission["SourceArn"]["Fn::Sub"];
    let is_own = permission["Principal"] == "apigateway.amazonaws.com"
        && permission["Action"] == "lambda:InvokeFunction"
        && source[0].as_str().is_some_and(|text| text.contains(":${__ApiId__}/"))
        && source[1]["__ApiId__"] == json!({"Ref": api});
    problems.unless(is_own, || "admin-api may be called by others than its HTTP API".into());
}

/// The function reads its own secret and publishes on its own bus, about tasks only; besides that it writes its log.
fn role(resources: &Map<String, Value>, function: &str, problems: &mut Problems) {
    let properties = &resources[function]["Properties"];
    let variables = &properties["Environment"]["Variables"];
    let bus = variables["EVENT_BUS"]["Ref"].as_str().unwrap_or_default();
    let wanted = [
        json!({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": variables["SECRET_ARN"]}),
        json!({"Fn::If": [
            "HasSecretKey",
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": {"Ref": "SecretKeyArn"}},
            {"Ref": "AWS::NoValue"},
        ]}),
        json!({
            "Effect": "Allow", "Action": "events:PutEvents", "Resource": {"Fn::GetAtt": [bus, "Arn"]},
            "Condition": {"StringEquals": {"events:source": [shared::events::SOURCE_TASKS]}},
        }),
    ];
    let role = properties["Role"]["Fn::GetAtt"][0].as_str().unwrap_or_default();
    let role = resources.get(role).map_or(&Value::Null, |role| &role["Properties"]);
    let statements: Vec<&Value> = role["Policies"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten())
        .collect();
    problems.unless(
        statements.len() == wanted.len() && wanted.iter().all(|one| statements.contains(&one)),
        || {
            format!(
                "admin-api may do something else than read its secret and publish on its bus: {statements:?}"
            )
        },
    );
    let managed = role["ManagedPolicyArns"].as_array().map_or(&[][..], Vec::as_slice);
    let is_log = |arn: &Value| {
        arn.as_str().is_some_and(|arn| arn.ends_with(":policy/service-role/AWSLambdaBasicExecutionRole"))
    };
    problems.unless(managed.len() == 1 && managed.iter().all(is_log), || {
        format!("admin-api has more than the policy of its log: {managed:?}")
    });
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The template as CloudFormation gets it, and what is wrong with it after a change of its text.
    fn translated() -> String {
        let python = tools::python().expect("Python with the linters");
        let folder = std::env::temp_dir().join(format!("gazelle-template-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let out = folder.join("template.json");
        let root = tools::root();
        let status = Command::new(python)
            .arg(root.join("infra/deployment/translate.py"))
            .args([&root.join("template.yaml"), &out])
            .status();
        assert!(status.unwrap().success());
        let text = std::fs::read_to_string(&out).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        serde_json::from_str::<Value>(&text).unwrap().to_string()
    }

    fn problems(translated: &str) -> Vec<String> {
        let source = std::fs::read_to_string(tools::root().join("template.yaml")).unwrap();
        let functions = deployment::functions(&source).unwrap();
        let mut problems = Problems(Vec::new());
        check(&serde_json::from_str(translated).unwrap(), &functions, &mut problems);
        problems.0
    }

    /// A resource of the translated template, as its text.
    fn resource(translated: &str, id: &str) -> String {
        serde_json::from_str::<Value>(translated).unwrap()["Resources"][id].to_string()
    }

    #[test]
    fn every_mistake_planted_in_what_the_console_stands_behind_is_refused() {
        let own = translated();
        assert_eq!(problems(&own), Vec::<String>::new());
        let planted = [
            ("ConsoleApi", "/$default", "/health", "has the routes"),
            ("ConsoleApi", "${AdminApi.Arn}", "${Backup.Arn}", "does not hand whole requests"),
            ("ConsoleApi", "\"2.0\"", "\"1.0\"", "does not hand whole requests"),
            ("ConsoleApi", "ApiGatewayV2::Api", "ApiGateway::RestApi", "another way in"),
            (
                "ConsoleApiApiGatewayDefaultStage",
                "ThrottlingRateLimit\":20",
                "ThrottlingRateLimit\":50",
                "1490 executions at once",
            ),
            (
                "ConsoleApiApiGatewayDefaultStage",
                "ThrottlingBurstLimit",
                "BurstLimit",
                "no ThrottlingBurstLimit",
            ),
            ("ConsoleApiApiGatewayDefaultStage", "$default", "prod", "not the stage"),
            ("ConsoleApiApiGatewayDefaultStage", "ConsoleAccessLogs", "Bus", "no access log"),
            ("ConsoleApiApiGatewayDefaultStage", "$context.path\\\"", "$context.path", "no access log"),
            (
                "ConsoleApiApiGatewayDefaultStage",
                "$context.path",
                "$context.authorizer.email",
                "log holds authorizer",
            ),
            (
                "ConsoleApi",
                "[\"HasConsoleDomain\",true,false]",
                "[\"HasConsoleDomain\",false,true]",
                "stays open",
            ),
            ("ConsoleDomainMapping", "{\"Ref\":\"ConsoleApi\"}", "\"other\"", "does not lead"),
            ("ConsoleDomainMapping", "\"Condition\":\"HasConsoleDomain\",", "", "with the domain"),
            ("ConsoleDomainName", "TLS_1_2", "TLS_1_0", "old TLS"),
            ("AdminApiAnyPermission", "${__ApiId__}", "*", "called by others"),
            ("AdminApiAnyPermission", "apigateway.amazonaws.com", "*", "called by others"),
            ("AdminApiRole", "events:PutEvents", "events:*", "may do something else"),
            ("AdminApiRole", "gazelle.tasks", "gazelle.sync", "may do something else"),
            ("AdminApiRole", "{\"Ref\":\"SecretKeyArn\"}", "\"*\"", "may do something else"),
            ("AdminApiRole", "{\"Fn::GetAtt\":[\"Bus\",\"Arn\"]}", "\"*\"", "may do something else"),
            ("AdminApiRole", "{\"Ref\":\"SecretArn\"}", "\"*\"", "may do something else"),
            (
                "AdminApiRole",
                "service-role/AWSLambdaBasicExecutionRole",
                "AdministratorAccess",
                "more than the policy",
            ),
        ];
        for (id, good, bad, expected) in planted {
            let whole = resource(&own, id);
            let changed = whole.replacen(good, bad, 1);
            assert_ne!(changed, whole, "nothing planted: {good}");
            let found = problems(&own.replacen(&whole, &changed, 1));
            assert!(found.iter().any(|problem| problem.contains(expected)), "{id} {bad}: {found:?}");
        }
    }
}
